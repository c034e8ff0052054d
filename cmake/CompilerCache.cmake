# ccache when it is there. The base directory lets two clones share what they compiled.
find_program(SIGNXAI_CCACHE ccache)
mark_as_advanced(SIGNXAI_CCACHE)
if(SIGNXAI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=true "${SIGNXAI_CCACHE}")
endif()
