# Most of a file's time is its headers. SIGNXAI_JOIN=OFF compiles every file alone, with its own headers only.

# signxai_precompile(target HEADERS...): the standard library, and HEADERS, are read once for all files of a target.
function(signxai_precompile target)
  if(SIGNXAI_JOIN)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <array> <charconv> <cmath> <cstring> <filesystem> <functional> <limits> <map> <memory> <mutex> <numeric>
      <optional> <set> <span> <string> <string_view> <utility> <variant> <vector> ${ARGN})
  endif()
endfunction()

# signxai_join_folders(target): compiles the files of one folder together, eight at a time. Names in anonymous
# namespaces are then unique in a folder; where each file has the same ones, as operations and kernels do, the folder
# is named in SEPARATE.
function(signxai_join_folders target)
  cmake_parse_arguments(join "" "" "SEPARATE" ${ARGN})
  if(NOT SIGNXAI_JOIN)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${folder}")
    if(folder IN_LIST join_SEPARATE OR NOT source MATCHES "\\.cpp$")
      continue()
    endif()
    string(MAKE_C_IDENTIFIER "${folder}" name)
    math(EXPR group "0${${name}_count} / 8")
    math(EXPR ${name}_count "0${${name}_count} + 1")
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${name}_${group}")
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
