# ccache when it is there. The base directory lets two clones share what they compiled; files with precompiled headers
# are cached only where the clock and defines inside these are not looked at.
find_program(SIGNXAI_CCACHE ccache)
mark_as_advanced(SIGNXAI_CCACHE)
if(SIGNXAI_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${PROJECT_SOURCE_DIR}" CCACHE_NOHASHDIR=true
      CCACHE_SLOPPINESS=pch_defines,time_macros "${SIGNXAI_CCACHE}")
endif()
