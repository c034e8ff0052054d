# `cmake --install`: headers, library, program, a CMake package (find_package(signxai)) and a pkg-config file. The tree can
# be moved. A static library (BUILD_SHARED_LIBS=OFF) has the CMake package alone.
include(CMakePackageConfigHelpers)
set(signxai_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/signxai")

set(signxai_installed signxai)
if(TARGET signxai-cli)
  list(APPEND signxai_installed signxai-cli)
endif()
file(RELATIVE_PATH signxai_lib_from_bin "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
set_target_properties(${signxai_installed} PROPERTIES INSTALL_RPATH "$ORIGIN;$ORIGIN/${signxai_lib_from_bin}")

# The private oneDNN goes along, into a folder of its own, where no other program finds it by accident. Another oneDNN
# stays where it is.
string(FIND "${dnnl_DIR}" "${PROJECT_SOURCE_DIR}/.deps/" signxai_private_dnnl)
if(signxai_private_dnnl EQUAL 0)
  file(REAL_PATH "${dnnl_DIR}/../../libdnnl.so.3" signxai_dnnl_library)
  install(FILES "${signxai_dnnl_library}" RENAME libdnnl.so.3 DESTINATION "${CMAKE_INSTALL_LIBDIR}/signxai" PERMISSIONS
          OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  set_target_properties(signxai PROPERTIES INSTALL_RPATH "$ORIGIN/signxai")
else()
  set_target_properties(${signxai_installed} PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
endif()

install(TARGETS signxai EXPORT signxai-targets)
if(TARGET signxai-cli)
  install(TARGETS signxai-cli)
endif()
install(DIRECTORY include/signxai DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT signxai-targets NAMESPACE signxai:: DESTINATION "${signxai_package_dir}")

configure_package_config_file(cmake/signxai-config.cmake.in signxai-config.cmake
                              INSTALL_DESTINATION "${signxai_package_dir}")
write_basic_package_version_file(signxai-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/signxai-config.cmake" "${PROJECT_BINARY_DIR}/signxai-config-version.cmake"
        DESTINATION "${signxai_package_dir}")

if(BUILD_SHARED_LIBS)
  file(RELATIVE_PATH signxai_prefix_from_pc "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" signxai_prefix_from_pc "${signxai_prefix_from_pc}")
  configure_file(cmake/signxai.pc.in signxai.pc @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/signxai.pc" DESTINATION "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
endif()
