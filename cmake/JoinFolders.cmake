# Most of a file's time is its headers. SIGNXAI_JOIN=OFF compiles every file alone, with its own headers only.

# signxai_precompile(target HEADERS...): the standard library, and HEADERS, are read once for all files of a target.
function(signxai_precompile target)
  if(SIGNXAI_JOIN)
    target_precompile_headers(${target} PRIVATE
      <algorithm> <array> <charconv> <cmath> <cstring> <filesystem> <functional> <limits> <map> <memory> <mutex> <numeric>
      <optional> <set> <span> <string> <string_view> <utility> <variant> <vector> ${ARGN})
  endif()
endfunction()

# signxai_join_folders(target): compiles the files of one folder together. Names in anonymous namespaces are then unique
# in a folder; where files have the same ones, as operations and kernels do, they or their folder are named in SEPARATE.
function(signxai_join_folders target)
  cmake_parse_arguments(join "" "" "SEPARATE" ${ARGN})
  if(NOT SIGNXAI_JOIN)
    return()
  endif()
  get_target_property(sources ${target} SOURCES)
  foreach(source IN LISTS sources)
    cmake_path(GET source PARENT_PATH folder)
    file(RELATIVE_PATH folder "${PROJECT_SOURCE_DIR}" "${folder}")
    file(RELATIVE_PATH file "${PROJECT_SOURCE_DIR}" "${source}")
    if(file MATCHES "\\.cpp$" AND NOT folder IN_LIST join_SEPARATE AND NOT file IN_LIST join_SEPARATE)
      string(MAKE_C_IDENTIFIER "${folder}" name)
      set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${name}")
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()
