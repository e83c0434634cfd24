# Read before CMake chooses a generator: Ninja unless -G or CMAKE_GENERATOR says otherwise.
if(NOT CMAKE_GENERATOR AND NOT DEFINED ENV{CMAKE_GENERATOR})
  set(CMAKE_GENERATOR "Ninja" CACHE INTERNAL "")
endif()
