/*===- Bitcode.S - The runtime's bitcode as constant data -----------------===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
\*===----------------------------------------------------------------------===*/

.macro bitcode part, arch
.globl swapc_bitcode_\part\()_\arch
.globl swapc_bitcode_\part\()_\arch\()_end
.balign 16
swapc_bitcode_\part\()_\arch:
.incbin "\part\()-\arch\().bc"
swapc_bitcode_\part\()_\arch\()_end:
.byte 0
.endm

.macro part name
bitcode \name, arm
bitcode \name, aarch64
bitcode \name, aarch64_crc
bitcode \name, riscv32
bitcode \name, riscv64
bitcode \name, x86_64
.endm

.section .rodata
part core
part sizes
part flash
part routines
.section .note.GNU-stack, "", %progbits
