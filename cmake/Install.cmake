# `cmake --install`: headers, library, program, and a CMake package (find_package(signxai)).
include(CMakePackageConfigHelpers)
set(signxai_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/signxai")

set(signxai_installed signxai)
if(TARGET signxai-cli)
  list(APPEND signxai_installed signxai-cli)
endif()
file(RELATIVE_PATH signxai_lib_from_bin "/${CMAKE_INSTALL_BINDIR}" "/${CMAKE_INSTALL_LIBDIR}")
set_target_properties(${signxai_installed} PROPERTIES INSTALL_RPATH "$ORIGIN;$ORIGIN/${signxai_lib_from_bin}")

# The private oneDNN goes along: the installed program must not look into the source tree. Another one stays where it is.
string(FIND "${dnnl_DIR}" "${PROJECT_SOURCE_DIR}/.deps/" signxai_private_dnnl)
if(signxai_private_dnnl EQUAL 0)
  install(FILES "${dnnl_DIR}/../../libdnnl.so.3" DESTINATION "${CMAKE_INSTALL_LIBDIR}" PERMISSIONS
          OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
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
