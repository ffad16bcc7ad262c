# Flags and helpers shared by every target of the compiler and the runtime.

find_program(CCACHE ccache)
if(CCACHE)
  # Clang's precompiled headers need this sloppiness to be cached.
  set(SWAPC_CCACHE ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
    CCACHE_BASEDIR=${CMAKE_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
  set(CMAKE_C_COMPILER_LAUNCHER ${SWAPC_CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${SWAPC_CCACHE})
endif()

set(SWAPC_WARNINGS -Wall -Wextra -Werror -Wno-unused-parameter)
set(SWAPC_SANITIZE_FLAGS)
if(SWAPC_SANITIZE)
  set(SWAPC_SANITIZE_FLAGS -fsanitize=${SWAPC_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(${SWAPC_SANITIZE_FLAGS})
endif()

separate_arguments(SWAPC_LLVM_DEFINITIONS UNIX_COMMAND "${LLVM_DEFINITIONS}")

# Compile settings of a target that includes LLVM or MLIR headers.
function(swapc_use_llvm target)
  target_include_directories(${target} SYSTEM PUBLIC ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  target_include_directories(${target} PUBLIC
    ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/dialects ${CMAKE_BINARY_DIR}/include
    ${CMAKE_BINARY_DIR}/dialects ${CMAKE_SOURCE_DIR}/runtime/include)
  target_compile_definitions(${target} PUBLIC ${SWAPC_LLVM_DEFINITIONS})
  target_compile_options(${target} PRIVATE ${SWAPC_WARNINGS} -fno-exceptions ${SWAPC_SANITIZE_FLAGS})
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    target_compile_options(${target} PRIVATE -Xclang -fno-pch-timestamp)
  endif()
endfunction()

# One precompiled header for all of MLIR: parsing it takes most of the time of
# each file. The sources include what they use, and build without it.
add_library(SwapcPch OBJECT ${CMAKE_SOURCE_DIR}/cmake/Pch.cpp)
swapc_use_llvm(SwapcPch)
target_precompile_headers(SwapcPch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/Pch.h)

# add_swapc_library(NAME sources... [DEPENDS targets...] [LINK libraries...])
function(add_swapc_library name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_UNPARSED_ARGUMENTS})
  swapc_use_llvm(${name})
  target_precompile_headers(${name} REUSE_FROM SwapcPch)
  target_link_libraries(${name} PUBLIC ${ARG_LINK} MLIR LLVM)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# add_swapc_tool(NAME sources... [LINK libraries...])
function(add_swapc_tool name)
  cmake_parse_arguments(ARG "" "" "LINK" ${ARGN})
  add_executable(${name} ${ARG_UNPARSED_ARGUMENTS})
  swapc_use_llvm(${name})
  # The precompiled header is made for -fPIC, not for the -fPIE of executables.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  target_precompile_headers(${name} REUSE_FROM SwapcPch)
  target_link_libraries(${name} PRIVATE ${ARG_LINK} MLIR LLVM)
  if(SWAPC_SANITIZE)
    target_sources(${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/SanitizerOptions.cpp)
  endif()
endfunction()
