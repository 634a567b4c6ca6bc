/* Puts the clock of a program forward or back while it runs, as a hand or NTP would; its ticks (CLOCK_MONOTONIC) go on.

   Loaded by LD_PRELOAD. MOVED_CLOCK names a file of eight bytes: the seconds by which the clock is off. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static volatile const int64_t *off;

__attribute__((constructor)) static void find(void) {
    const char *path = getenv("MOVED_CLOCK");
    int file = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    void *seconds = mmap(NULL, sizeof *off, PROT_READ, MAP_SHARED, file, 0);
    if (seconds != MAP_FAILED) off = seconds;
    close(file);
}

int clock_gettime(clockid_t which, struct timespec *told) {
    int result = (int)syscall(SYS_clock_gettime, which, told);
    if (result == 0 && off != NULL && (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE)) told->tv_sec += *off;
    return result;
}

int gettimeofday(struct timeval *restrict told, void *restrict zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    told->tv_sec = now.tv_sec;
    told->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *told) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (told != NULL) *told = now.tv_sec;
    return now.tv_sec;
}
