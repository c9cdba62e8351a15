/*
 * A wall clock that a test may set, for a process that loads this library before others (LD_PRELOAD).
 * The file named by CLOCK_FILE holds by how many seconds it is ahead, as 8 bytes in the machine's order;
 * it is mapped, so a change is seen at once. Monotonic clocks stay as they are. It asks the kernel itself
 * and allocates nothing: an allocator that asks for the time while it starts finds an answer.
 */
struct timespec {
  long tv_sec;
  long tv_nsec;
};

struct timeval {
  long tv_sec;
  long tv_usec;
};

long syscall(long number, ...);
char *getenv(const char *name);
int open(const char *path, int flags, ...);
void *mmap(void *address, unsigned long length, int protection, int flags, int file, long offset);

enum { REALTIME = 0, REALTIME_COARSE = 5, READ_ONLY = 0, READABLE = 1, SHARED = 1 };

#if defined(__aarch64__)
enum { CLOCK_GETTIME = 113 };
#else
enum { CLOCK_GETTIME = 228 };
#endif

static const long none = 0;
static const volatile long *ahead = &none;

__attribute__((constructor)) static void map_clock(void) {
  const char *path = getenv("CLOCK_FILE");
  int file = path ? open(path, READ_ONLY) : -1;
  if (file >= 0) {
    void *mapped = mmap(0, sizeof(long), READABLE, SHARED, file, 0);
    if (mapped != (void *) -1) {
      ahead = mapped;
    }
  }
}

int clock_gettime(int clock, struct timespec *time) {
  int result = (int) syscall(CLOCK_GETTIME, (long) clock, time);
  if (result == 0 && (clock == REALTIME || clock == REALTIME_COARSE)) {
    time->tv_sec += *ahead;
  }
  return result;
}

int gettimeofday(struct timeval *time, void *zone) {
  struct timespec now;
  int result = clock_gettime(REALTIME, &now);
  (void) zone;
  time->tv_sec = now.tv_sec;
  time->tv_usec = now.tv_nsec / 1000;
  return result;
}

long time(long *into) {
  struct timespec now;
  clock_gettime(REALTIME, &now);
  if (into) {
    *into = now.tv_sec;
  }
  return now.tv_sec;
}
