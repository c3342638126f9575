/* SPDX-License-Identifier: BSD-2-Clause */
/* Fails one allocation: the FAULT_ALLOC-th of the program, for LD_PRELOAD.
 * pcap_compile() of libpcap 1.10.3 and libseccomp 2.5.4 crash when one inside
 * them fails (both are called before any packet is read): those are let
 * through. At the end
 * FAULT_COUNT (a file) gets how many there were. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <seccomp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void *__libc_malloc(size_t bytes);
extern void *__libc_calloc(size_t n, size_t bytes);
extern void *__libc_realloc(void *old, size_t bytes);

static atomic_long count;
static long fault = -1;
static int report = -1; /* opened while there are privileges */
static __thread int spared;

__attribute__((constructor)) static void begin(void)
{
	const char *text = getenv("FAULT_ALLOC"), *path = getenv("FAULT_COUNT");
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;

	if (fd >= 0) {
		report = fcntl(fd, F_DUPFD_CLOEXEC, 100);
		close(fd);
	}
	fault = text ? atol(text) : 0;
	atomic_store(&count, 0);
}

__attribute__((destructor)) static void end(void)
{
	char digits[24];
	long n = atomic_load(&count);
	int i = sizeof(digits);

	if (report < 0)
		return;
	digits[--i] = '\n';
	do
		digits[--i] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	if (write(report, digits + i, sizeof(digits) - (size_t)i) > 0)
		close(report);
}

static int fails(void)
{
	if (spared || fault < 0 || atomic_fetch_add(&count, 1) + 1 != fault)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t bytes)
{
	return fails() ? NULL : __libc_malloc(bytes);
}

void *calloc(size_t n, size_t bytes)
{
	return fails() ? NULL : __libc_calloc(n, bytes);
}

void *realloc(void *old, size_t bytes)
{
	return fails() ? NULL : __libc_realloc(old, bytes);
}

scmp_filter_ctx seccomp_init(uint32_t action)
{
	scmp_filter_ctx (*real)(uint32_t);

	*(void **)&real = dlsym(RTLD_NEXT, "seccomp_init");
	spared = 1;
	return real(action);
}

void seccomp_release(scmp_filter_ctx filter)
{
	void (*real)(scmp_filter_ctx);

	*(void **)&real = dlsym(RTLD_NEXT, "seccomp_release");
	real(filter);
	spared = 0;
}

int pcap_compile(pcap_t *pcap, struct bpf_program *program, const char *text,
		 int optimize, bpf_u_int32 mask)
{
	int (*real)(pcap_t *, struct bpf_program *, const char *, int,
		    bpf_u_int32);
	int status;

	*(void **)&real = dlsym(RTLD_NEXT, "pcap_compile");
	spared = 1;
	status = real(pcap, program, text, optimize, mask);
	spared = 0;
	return status;
}
