# Where the machine starts.
#
# A call to the machine puts its number into a7, its arguments into a0...a2 and finds its answer in a0. Numbers:
#     93      halt with exit code a0. The number of Linux' exit, so that a user-mode emulator halts too.
#     0x4D58  is the ECDSA signature at a1 (r and s, 64 bytes) over the digest at a0 (32 bytes) by the address at a2 (20 bytes)
#             good? 1 yes, 0 no. Whatever does not know the call must not answer 1 (Linux answers -38).

    .section .text.start, "ax"
    .globl _start
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top
    la t0, __bss_start
    la t1, __bss_end
clear:
    bgeu t0, t1, cleared
    sd zero, 0(t0)
    addi t0, t0, 8
    j clear
cleared:
    call guest_main
    li a7, 93
    ecall
    # No machine goes on after a halt.
    unimp
