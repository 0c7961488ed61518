/* A disk and a clock that can be broken, between a program and the C library (LD_PRELOAD).
 *
 * FAULTS_CONTROL names a file that is mapped and read at each call, so that a test switches faults while the program runs (struct
 * control). FAULTS_ROOT is the folder that is concerned; all else passes. FAULTS_JOURNAL, when given, names a file to which each
 * change below the root is appended once it is done, with its data, and each sync: what a power cut leaves is made from it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The operations, as bits of `control.operations` and as kinds of journal records. */
enum { OP_WRITE = 1, OP_SYNC = 2, OP_CREATE = 4, OP_UNLINK = 8, OP_RENAME = 16, OP_TRUNCATE = 32, OP_MKDIR = 64, OP_READ = 128, OP_RMDIR = 256 };

struct control {
    int32_t operations;   /* which ones are concerned, OR of OP_*; 0: none */
    int32_t error;        /* errno that they fail with; 0: they work */
    int32_t stalled;      /* not 0: they wait until it is 0 */
    int32_t kill_at;      /* SIGKILL before the operation with this number; 0: never */
    int64_t count;        /* operations so far, counted here, of the kinds in `counted` */
    int32_t counted;
    int32_t kill_after;   /* not 0: kill_at takes effect when the operation is done */
    int64_t clock_us;     /* added to CLOCK_REALTIME */
};

static volatile struct control *control;
static char root[PATH_MAX];
static size_t root_length;
static int journal = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void start(void)
{
    const char *path = getenv("FAULTS_CONTROL"), *folder = getenv("FAULTS_ROOT"), *record = getenv("FAULTS_JOURNAL");
    if (!path || !folder)
        return;
    int fd = NEXT(open)(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    NEXT(close)(fd);
    snprintf(root, sizeof root, "%s", folder);
    root_length = strcmp(root, "/") ? strlen(root) : 0;
    if (record)
        journal = NEXT(open)(record, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (map != MAP_FAILED)
        control = map;
}

static int below_root(const char *path)
{
    return control && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

/* The path of a descriptor below the root, in `path`; 0 when it is elsewhere, or a file without a name. */
static int path_of(int fd, char *path)
{
    char link[64];
    if (!control)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length <= 0)
        return 0;
    path[length] = 0;
    return below_root(path);
}

static int path_at(int folder, const char *name, char *path)
{
    if (!control || !name)
        return 0;
    if (name[0] == '/')
        snprintf(path, PATH_MAX, "%s", name);
    else if (folder == AT_FDCWD) {
        if (!getcwd(path, PATH_MAX))
            return 0;
        size_t length = strlen(path);
        snprintf(path + length, PATH_MAX - length, "/%s", name);
    } else {
        char link[64];
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t length = readlink(link, path, PATH_MAX - 1);
        if (length <= 0)
            return 0;
        snprintf(path + length, PATH_MAX - length, "/%s", name);
    }
    return below_root(path);
}

static void kill_when_due(int operation, int done)
{
    if (!(control->counted & operation))
        return;
    int64_t number = done ? control->count : __atomic_add_fetch(&control->count, 1, __ATOMIC_SEQ_CST);
    if (control->kill_at && number == control->kill_at && !!control->kill_after == done)
        kill(getpid(), SIGKILL);
}

/* Before an operation below the root: -1 with errno when it is to fail. */
static int refuse(int operation)
{
    kill_when_due(operation, 0);
    if (!(control->operations & operation))
        return 0;
    while (control->stalled)
        usleep(5000);
    if (control->error && (control->operations & operation)) {
        errno = control->error;
        return -1;
    }
    return 0;
}

/* One record: kind, microseconds, offset, lengths, path, second path or data. */
static void note(int operation, const char *path, int64_t offset, const struct iovec *data, int count, size_t length)
{
    int kept = errno;
    if (journal >= 0) {
        struct timespec now;
        NEXT(clock_gettime)(CLOCK_REALTIME, &now);
        struct { uint32_t kind; uint32_t path_length; int64_t utc_us; int64_t offset; uint64_t length; } __attribute__((packed)) head = {
            operation, strlen(path), now.tv_sec * 1000000LL + now.tv_nsec / 1000, offset, length};
        pthread_mutex_lock(&lock);
        NEXT(write)(journal, &head, sizeof head);
        NEXT(write)(journal, path, head.path_length);
        for (int index = 0; index < count && length > 0; index++) {
            size_t part = data[index].iov_len < length ? data[index].iov_len : length;
            NEXT(write)(journal, data[index].iov_base, part);
            length -= part;
        }
        pthread_mutex_unlock(&lock);
    }
    kill_when_due(operation, 1);
    errno = kept;
}

static ssize_t noted_write(ssize_t result, const char *path, int64_t offset, const struct iovec *data, int count)
{
    if (result > 0)
        note(OP_WRITE, path, offset, data, count, result);
    return result;
}

ssize_t write(int fd, const void *data, size_t size)
{
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return NEXT(write)(fd, data, size);
    if (refuse(OP_WRITE))
        return -1;
    ssize_t result = NEXT(write)(fd, data, size);
    struct iovec one = {(void *)data, size};
    return noted_write(result, path, lseek(fd, 0, SEEK_CUR) - result, &one, 1);
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return NEXT(pwrite64)(fd, data, size, offset);
    if (refuse(OP_WRITE))
        return -1;
    struct iovec one = {(void *)data, size};
    return noted_write(NEXT(pwrite64)(fd, data, size, offset), path, offset, &one, 1);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }

ssize_t writev(int fd, const struct iovec *data, int count)
{
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return NEXT(writev)(fd, data, count);
    if (refuse(OP_WRITE))
        return -1;
    ssize_t result = NEXT(writev)(fd, data, count);
    return noted_write(result, path, lseek(fd, 0, SEEK_CUR) - result, data, count);
}

ssize_t pwritev64(int fd, const struct iovec *data, int count, off64_t offset)
{
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return NEXT(pwritev64)(fd, data, count, offset);
    if (refuse(OP_WRITE))
        return -1;
    return noted_write(NEXT(pwritev64)(fd, data, count, offset), path, offset, data, count);
}

ssize_t pwritev(int fd, const struct iovec *data, int count, off_t offset) { return pwritev64(fd, data, count, offset); }

ssize_t pwritev64v2(int fd, const struct iovec *data, int count, off64_t offset, int flags)
{
    return flags ? NEXT(pwritev64v2)(fd, data, count, offset, flags) : pwritev64(fd, data, count, offset);
}

ssize_t pwritev2(int fd, const struct iovec *data, int count, off_t offset, int flags)
{
    return pwritev64v2(fd, data, count, offset, flags);
}

ssize_t pread64(int fd, void *data, size_t size, off64_t offset)
{
    char path[PATH_MAX];
    if (path_of(fd, path) && refuse(OP_READ))
        return -1;
    return NEXT(pread64)(fd, data, size, offset);
}

ssize_t pread(int fd, void *data, size_t size, off_t offset) { return pread64(fd, data, size, offset); }

ssize_t read(int fd, void *data, size_t size)
{
    char path[PATH_MAX];
    if (path_of(fd, path) && refuse(OP_READ))
        return -1;
    return NEXT(read)(fd, data, size);
}

static int synced(int fd, int (*sync)(int))
{
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return sync(fd);
    if (refuse(OP_SYNC))
        return -1;
    int result = sync(fd);
    if (result == 0)
        note(OP_SYNC, path, 0, NULL, 0, 0);
    return result;
}

int fsync(int fd) { return synced(fd, NEXT(fsync)); }
int fdatasync(int fd) { return synced(fd, NEXT(fdatasync)); }

int ftruncate64(int fd, off64_t length)
{
    char path[PATH_MAX];
    if (!path_of(fd, path))
        return NEXT(ftruncate64)(fd, length);
    if (refuse(OP_TRUNCATE))
        return -1;
    int result = NEXT(ftruncate64)(fd, length);
    if (result == 0)
        note(OP_TRUNCATE, path, length, NULL, 0, 0);
    return result;
}

int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int openat64(int folder, const char *name, int flags, ...)
{
    char path[PATH_MAX];
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (!(flags & (O_CREAT | O_TRUNC)) || !path_at(folder, name, path))
        return NEXT(openat64)(folder, name, flags, mode);
    struct stat64 before;
    int existed = NEXT(fstatat64)(folder, name, &before, 0) == 0;
    if (!existed && refuse(OP_CREATE))
        return -1;
    int fd = NEXT(openat64)(folder, name, flags, mode);
    if (fd >= 0 && !existed)
        note(OP_CREATE, path, 0, NULL, 0, 0);
    else if (fd >= 0 && flags & O_TRUNC)
        note(OP_TRUNCATE, path, 0, NULL, 0, 0);
    return fd;
}

#define WITH_MODE(call)                                                        \
    va_list rest;                                                              \
    va_start(rest, flags);                                                     \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;     \
    va_end(rest);                                                              \
    return call

int openat(int folder, const char *name, int flags, ...) { WITH_MODE(openat64(folder, name, flags, mode)); }
int open64(const char *name, int flags, ...) { WITH_MODE(openat64(AT_FDCWD, name, flags, mode)); }
int open(const char *name, int flags, ...) { WITH_MODE(openat64(AT_FDCWD, name, flags, mode)); }

int unlinkat(int folder, const char *name, int flags)
{
    char path[PATH_MAX];
    int operation = flags & AT_REMOVEDIR ? OP_RMDIR : OP_UNLINK;
    if (!path_at(folder, name, path))
        return NEXT(unlinkat)(folder, name, flags);
    if (refuse(operation))
        return -1;
    int result = NEXT(unlinkat)(folder, name, flags);
    if (result == 0)
        note(operation, path, 0, NULL, 0, 0);
    return result;
}

int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }
int rmdir(const char *name) { return unlinkat(AT_FDCWD, name, AT_REMOVEDIR); }

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
    char old[PATH_MAX], new[PATH_MAX];
    if (!path_at(from_folder, from, old) || !path_at(to_folder, to, new))
        return NEXT(renameat)(from_folder, from, to_folder, to);
    if (refuse(OP_RENAME))
        return -1;
    int result = NEXT(renameat)(from_folder, from, to_folder, to);
    struct iovec target = {new, strlen(new)};
    if (result == 0)
        note(OP_RENAME, old, 0, &target, 1, target.iov_len);
    return result;
}

int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int mkdirat(int folder, const char *name, mode_t mode)
{
    char path[PATH_MAX];
    if (!path_at(folder, name, path))
        return NEXT(mkdirat)(folder, name, mode);
    if (refuse(OP_MKDIR))
        return -1;
    int result = NEXT(mkdirat)(folder, name, mode);
    if (result == 0)
        note(OP_MKDIR, path, 0, NULL, 0, 0);
    return result;
}

int mkdir(const char *name, mode_t mode) { return mkdirat(AT_FDCWD, name, mode); }

int clock_gettime(clockid_t which, struct timespec *now)
{
    int result = NEXT(clock_gettime)(which, now);
    if (result == 0 && control && which == CLOCK_REALTIME && control->clock_us) {
        int64_t ns = now->tv_nsec + control->clock_us % 1000000 * 1000;
        now->tv_sec += control->clock_us / 1000000 + (ns < 0 ? -1 : ns / 1000000000);
        now->tv_nsec = (ns % 1000000000 + 1000000000) % 1000000000;
    }
    return result;
}
