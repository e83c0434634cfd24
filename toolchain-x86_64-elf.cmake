# The compiler for everything that runs on Baton: the newest clang from 19 on, and its own lld.
#
# clang's driver would hand linking for this target to gcc, so the link rule calls ld.lld itself.

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR x86_64)

if(NOT BATON_CLANG)
  foreach(version RANGE 40 19 -1)
    list(APPEND clang_names clang-${version})
  endforeach()
  find_program(BATON_CLANG NAMES ${clang_names} clang REQUIRED DOC "clang 19 or newer")
endif()

# The LLVM tools of the same installation, whatever PATH says.
function(baton_llvm_tool variable name)
  if(NOT ${variable})
    execute_process(COMMAND ${BATON_CLANG} --print-prog-name=${name}
                    OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
    find_program(${variable} NAMES ${path} REQUIRED)
  endif()
endfunction()

baton_llvm_tool(BATON_LLD ld.lld)
baton_llvm_tool(BATON_NM llvm-nm)
baton_llvm_tool(BATON_OBJCOPY llvm-objcopy)
baton_llvm_tool(CMAKE_AR llvm-ar)
baton_llvm_tool(CMAKE_RANLIB llvm-ranlib)

set(CMAKE_C_COMPILER ${BATON_CLANG})
set(CMAKE_ASM_COMPILER ${BATON_CLANG})
set(CMAKE_C_COMPILER_TARGET x86_64-unknown-elf)
set(CMAKE_ASM_COMPILER_TARGET x86_64-unknown-elf)

set(CMAKE_C_LINK_EXECUTABLE "${BATON_LLD} <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES>")
set(CMAKE_ASM_LINK_EXECUTABLE "${CMAKE_C_LINK_EXECUTABLE}")

# Nothing can be linked before the first library is built, so compiler checks stop at an archive.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES BATON_CLANG)

set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
