/* SPDX-License-Identifier: BSD-2-Clause */
#include "talk/draw.h"

/* The finaliser of splitmix64, on the n-th step of its counter. */
uint64_t draw(uint64_t seed, uint64_t n)
{
	uint64_t x = seed + (n + 1) * 0x9e3779b97f4a7c15;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

uint64_t draw_below(uint64_t drawn, uint64_t bound)
{
	__extension__ typedef unsigned __int128 wide;

	return (uint64_t)((wide)drawn * bound >> 64);
}
