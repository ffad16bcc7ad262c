# swapc_add_model(<target> <model.onnx>
#   [BUDGET <size>...]     as swapc --budget: 64KiB, 25%, min, max, mapped (default: max)
#   [NAME <name>]          of library, header and symbols (default: the model file's)
#   [TRIPLE <triple>] [CPU <cpu>] [FEATURES <+f|-g>...] [TARGET_ABI <abi>]
#                          instead of those of the toolchain (SwapcTarget.cmake)
#   [DEPENDS <file>...]    of the model's weights, where they are in files of their own
#   [OPTIONS <option>...]  for swapc, as they are
#   [EMBED [BLOB_SECTION <section>]])
#
# Compiles the model with the program, anew when it changes, links its library into
# <target> and lets it include <name>.h. EMBED makes the blob a part of the program,
# as <name>_blob; else it is the file $<TARGET_PROPERTY:<target>,SWAPC_BLOBS>, to be
# placed by other means. The library's page is README.md beside the blob.
include_guard()

function(_swapc_model_name model result)
  cmake_path(GET model STEM LAST_ONLY name)
  string(REGEX REPLACE "[^A-Za-z0-9]+" "_" name "${name}")
  string(REGEX REPLACE "^_+|_+$" "" name "${name}")
  string(TOLOWER "${name}" lower)
  if(name STREQUAL "")
    set(name model)
  elseif(name MATCHES "^[0-9]" OR lower MATCHES "^swap(_|$)")
    set(name model_${name})
  endif()
  set(${result} "${name}" PARENT_SCOPE)
endfunction()

function(swapc_add_model target model)
  cmake_parse_arguments(PARSE_ARGV 2 arg
    "EMBED" "NAME;TRIPLE;CPU;TARGET_ABI;BLOB_SECTION" "BUDGET;FEATURES;DEPENDS;OPTIONS")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "swapc_add_model: what is '${arg_UNPARSED_ARGUMENTS}'?")
  elseif(arg_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "swapc_add_model: no value for ${arg_KEYWORDS_MISSING_VALUES}")
  elseif(arg_BLOB_SECTION AND NOT arg_EMBED)
    message(FATAL_ERROR "swapc_add_model: BLOB_SECTION needs EMBED")
  elseif(NOT TARGET ${target})
    message(FATAL_ERROR "swapc_add_model: ${target} is not a target")
  endif()
  cmake_path(ABSOLUTE_PATH model BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
  if(NOT arg_NAME)
    _swapc_model_name("${model}" arg_NAME)
  endif()
  if(NOT arg_BUDGET)
    set(arg_BUDGET max)
  endif()
  string(REPLACE ";" "," budget "${arg_BUDGET}")
  if(NOT arg_TRIPLE)
    swapc_detect_target()
    set(arg_TRIPLE "${SWAPC_DETECTED_TRIPLE}")
    foreach(what CPU FEATURES TARGET_ABI)
      if(NOT arg_${what})
        set(arg_${what} "${SWAPC_DETECTED_${what}}")
      endif()
    endforeach()
  endif()
  set(code)
  if(arg_TRIPLE)
    list(APPEND code --mtriple ${arg_TRIPLE})
  endif()
  if(arg_FEATURES)
    string(REPLACE ";" "," features "${arg_FEATURES}")
    list(APPEND code --mattr=${features})
  endif()
  if(arg_TARGET_ABI)
    list(APPEND code --target-abi ${arg_TARGET_ABI})
  endif()
  set(cpu)
  if(arg_CPU)
    set(cpu --mcpu ${arg_CPU})
  endif()

  set(folder "${CMAKE_CURRENT_BINARY_DIR}/swapc/${target}/${arg_NAME}")
  set(library "${folder}/lib${arg_NAME}.a")
  set(blob "${folder}/${arg_NAME}.swap")
  set(products "${library}" "${blob}" "${folder}/${arg_NAME}.h")
  add_custom_command(OUTPUT ${products}
    BYPRODUCTS "${folder}/README.md" "${folder}/swap/blob.h" "${folder}/swap/crc32c.h"
      "${folder}/swap/flash.h" "${folder}/swap/runtime.h"
    COMMAND swapc::swapc "${model}" --quiet --emit lib --name ${arg_NAME} --budget ${budget}
      ${code} ${cpu} ${arg_OPTIONS} -o "${folder}"
    DEPENDS "${model}" ${arg_DEPENDS} swapc::swapc
    COMMENT "Compiling the model ${arg_NAME}" VERBATIM)
  if(arg_EMBED)
    set(object "${folder}/${arg_NAME}_blob.o")
    set(section)
    if(arg_BLOB_SECTION)
      set(section --section ${arg_BLOB_SECTION})
    endif()
    add_custom_command(OUTPUT "${object}"
      COMMAND swapc::swap-blob object "${blob}" --symbol ${arg_NAME}_blob ${code} ${section} -o "${object}"
      DEPENDS "${blob}" swapc::swap-blob
      COMMENT "The weights of ${arg_NAME} as an object" VERBATIM)
    list(APPEND products "${object}")
    set_source_files_properties("${object}" PROPERTIES EXTERNAL_OBJECT TRUE GENERATED TRUE)
  endif()

  # Built before the target's sources, which include the header.
  set(id swapc-${target}-${arg_NAME})
  add_custom_target(${id} DEPENDS ${products})
  add_dependencies(${target} ${id})
  get_target_property(type ${target} TYPE)
  set(scope PRIVATE)
  if(type STREQUAL "INTERFACE_LIBRARY")
    set(scope INTERFACE)
  elseif(type MATCHES "_LIBRARY$")
    set(scope PUBLIC)
  endif()
  add_library(swapc::${target}-${arg_NAME} STATIC IMPORTED GLOBAL)
  set_target_properties(swapc::${target}-${arg_NAME} PROPERTIES IMPORTED_LOCATION "${library}")
  add_dependencies(swapc::${target}-${arg_NAME} ${id})
  target_link_libraries(${target} ${scope} swapc::${target}-${arg_NAME})
  target_include_directories(${target} ${scope} "${folder}")
  if(arg_EMBED)
    target_sources(${target} PRIVATE "${object}")
  endif()
  set_property(TARGET ${target} APPEND PROPERTY SWAPC_BLOBS "${blob}")
endfunction()
