# The CMake package, in the build tree and where the project is installed, and the
# places of everything else. swapc looks for archives in ../lib/swapc beside bin.
include(CMakePackageConfigHelpers)

set(package ${CMAKE_BINARY_DIR}/lib/cmake/swapc)
set(installed ${CMAKE_BINARY_DIR}/cmake/installed)
set(SWAPC_PACKAGE_INCLUDE ${CMAKE_SOURCE_DIR}/runtime/include)
configure_file(cmake/package/swapcConfig.cmake.in ${package}/swapcConfig.cmake @ONLY)
set(SWAPC_PACKAGE_INCLUDE "\${SWAPC_PREFIX}/include")
configure_file(cmake/package/swapcConfig.cmake.in ${installed}/swapcConfig.cmake @ONLY)
foreach(file SwapcAddModel.cmake SwapcTarget.cmake)
  configure_file(cmake/package/${file} ${package}/${file} COPYONLY)
endforeach()
write_basic_package_version_file(${package}/swapcConfigVersion.cmake
  COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

set_target_properties(swapc swap-opt swap-blob PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
install(TARGETS swapc swap-opt swap-blob swap-profile RUNTIME DESTINATION bin)
install(TARGETS SwapRuntime SwapProgram SwapSet SwapCudaRuntime SwapProgramCuda SwapSetCuda
  ARCHIVE DESTINATION lib/swapc)
install(DIRECTORY runtime/include/swap DESTINATION include FILES_MATCHING PATTERN "*.h")
install(FILES ${installed}/swapcConfig.cmake ${package}/swapcConfigVersion.cmake
  cmake/package/SwapcAddModel.cmake cmake/package/SwapcTarget.cmake
  DESTINATION lib/cmake/swapc)
