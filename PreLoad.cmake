# Read before CMake chooses a generator: without this it would be make. -G Ninja still works; for
# another generator set CMAKE_GENERATOR in the environment, because -G is not known yet.
if(NOT DEFINED ENV{CMAKE_GENERATOR})
  set(CMAKE_GENERATOR "Ninja" CACHE INTERNAL "")
endif()
