/*
 * A disk whose power can be cut, for `cargo xtask torture`. To be loaded with LD_PRELOAD.
 *
 * DISK_ROOT       Files below this folder are watched (*-shm, which only lives in memory, is not). Every write passes through.
 * DISK_SHADOW     A folder beside it. Each watched file has a copy here, which learns only on fsync or fdatasync what was
 *                 written since: so it is what the file would be after a power cut. A `/` in a name becomes a `+`.
 * DISK_DELAY_US   Each fsync and fdatasync takes so many microseconds more. Works without the other two.
 *
 * A file that was never synced has no copy. New names, renames and removals count at once, as on a file system that writes
 * them down before it answers; a file's size counts when it is synced. Not seen: mmap, copy_file_range, sendfile.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

/* The function that would have been called without us. */
#define REAL(name) ({                                                  \
    static __typeof__(&name) real;                                     \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name);      \
    real; })

enum { MOST_RANGES = 1024 };

struct range { off_t from, to; };

/* A watched file. It is known by its inode, as it may be open several times and change its name. */
struct file {
    dev_t device;
    ino_t inode;
    char path[4096];
    struct range dirty[MOST_RANGES];
    size_t ranges;
    pthread_mutex_t syncing;
    struct file *next;
};

static struct file *files;
static pthread_mutex_t table = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t told = PTHREAD_ONCE_INIT;
static const char *root, *shadow_root;
static long delay_us;

static void ask(void) {
    const char *delay = getenv("DISK_DELAY_US");
    delay_us = delay ? atol(delay) : 0;
    shadow_root = getenv("DISK_SHADOW");
    root = shadow_root ? getenv("DISK_ROOT") : NULL;
}

static int is_watching(void) {
    pthread_once(&told, ask);
    return root != NULL;
}

/* A disk that cannot be trusted to forget must not be trusted at all. */
static void give_up(const char *what, const char *path) {
    fprintf(stderr, "disk.c: cannot %s %s: %s\n", what, path, strerror(errno));
    abort();
}

static void shadow_path(const char *path, char *shadow) {
    int length = snprintf(shadow, 8192, "%s/", shadow_root);
    for (const char *name = path + strlen(root) + 1; *name && length < 8191; name++)
        shadow[length++] = *name == '/' ? '+' : *name;
    shadow[length] = 0;
}

/* The file with this inode, or NULL. The table is locked. */
static struct file *find(const struct stat *status) {
    struct file *file = files;
    while (file && (file->inode != status->st_ino || file->device != status->st_dev)) file = file->next;
    return file;
}

static void forget(const struct stat *status) {
    pthread_mutex_lock(&table);
    struct file *file = find(status);
    if (file) file->inode = 0;
    pthread_mutex_unlock(&table);
}

/* From now on this range of the file differs from the copy. The table is locked. */
static void soil(struct file *file, off_t from, off_t to) {
    if (from >= to) return;
    struct range *last = file->ranges ? &file->dirty[file->ranges - 1] : NULL;
    if (last && from <= last->to && to >= last->from) {
        if (from < last->from) last->from = from;
        if (to > last->to) last->to = to;
        return;
    }
    if (file->ranges == MOST_RANGES) {
        for (size_t at = 0; at < MOST_RANGES; at++) {
            if (file->dirty[at].from < from) from = file->dirty[at].from;
            if (file->dirty[at].to > to) to = file->dirty[at].to;
        }
        file->ranges = 0;
    }
    file->dirty[file->ranges++] = (struct range){ from, to };
}

/* What a file descriptor writes to, if it is watched; the table is locked then, and `status` filled. */
static struct file *lock_file(int fd, struct stat *status) {
    if (!is_watching() || fstat(fd, status) || !S_ISREG(status->st_mode)) return NULL;
    pthread_mutex_lock(&table);
    struct file *file = find(status);
    if (!file) pthread_mutex_unlock(&table);
    return file;
}

static void wrote(int fd, off_t from, ssize_t bytes) {
    int before = errno;
    struct stat status;
    struct file *file = bytes > 0 ? lock_file(fd, &status) : NULL;
    if (file) {
        soil(file, from, from + bytes);
        pthread_mutex_unlock(&table);
    }
    errno = before;
}

/* After a write that has moved the file's position. */
static void wrote_on(int fd, ssize_t bytes) {
    int before = errno;
    struct stat status;
    if (bytes > 0 && is_watching() && !fstat(fd, &status) && S_ISREG(status.st_mode))
        wrote(fd, lseek(fd, 0, SEEK_CUR) - bytes, bytes);
    errno = before;
}

/* Copies these ranges of an open file as it is now, and its size. */
static void copy(int from, const char *path, const struct range *ranges, size_t count, off_t size) {
    static __thread char page[1 << 16];
    char shadow[8192];
    shadow_path(path, shadow);
    int to = REAL(open)(shadow, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (to < 0 || REAL(ftruncate)(to, size)) give_up("write", shadow);
    for (size_t at = 0; at < count; at++) {
        off_t end = ranges[at].to < size ? ranges[at].to : size;
        for (off_t place = ranges[at].from; place < end;) {
            size_t want = end - place < (off_t)sizeof page ? (size_t)(end - place) : sizeof page;
            ssize_t got = pread(from, page, want, place);
            if (got < 0) give_up("read", path);
            if (got == 0) break;
            if (REAL(pwrite)(to, page, got, place) != got) give_up("write", shadow);
            place += got;
        }
    }
    close(to);
}

/* A file was opened: watches it if it lies below the root. `size` is what it had before. */
static void opened(int fd, int flags, off_t size) {
    int before = errno;
    char link[64], path[4096], shadow[8192];
    struct stat status, copied;
    if (fd < 0 || fstat(fd, &status) || !S_ISREG(status.st_mode)) goto end;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) goto end;
    path[length] = 0;
    size_t prefix = strlen(root);
    if (strncmp(path, root, prefix) || path[prefix] != '/') goto end;
    if (length >= 4 && !strcmp(path + length - 4, "-shm")) goto end;
    pthread_mutex_lock(&table);
    struct file *file = find(&status);
    if (!file) {
        file = calloc(1, sizeof *file);
        if (!file) give_up("watch", path);
        file->device = status.st_dev;
        file->inode = status.st_ino;
        strcpy(file->path, path);
        pthread_mutex_init(&file->syncing, NULL);
        file->next = files;
        files = file;
        /* What was there before us is on the disk. */
        shadow_path(path, shadow);
        struct range all = { 0, size };
        if (size > 0 && !(flags & O_TRUNC) && stat(shadow, &copied)) copy(fd, path, &all, 1, size);
    }
    if (flags & O_TRUNC) soil(file, 0, size);
    pthread_mutex_unlock(&table);
end:
    errno = before;
}

static off_t size_at(int folder, const char *path) {
    struct stat status;
    int before = errno;
    off_t size = fstatat(folder, path, &status, 0) ? 0 : status.st_size;
    errno = before;
    return size;
}

#define MODE(flags, mode) do {                                         \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                             \
        va_list rest;                                                  \
        va_start(rest, flags);                                         \
        mode = va_arg(rest, mode_t);                                   \
        va_end(rest);                                                  \
    } } while (0)

/*
 * What is written must be read for its copy, and with the same descriptor: to open the file anew and close it would give up the
 * locks that SQLite holds on it.
 */
static int readable(int flags) {
    return (flags & O_ACCMODE) == O_WRONLY ? (flags & ~O_ACCMODE) | O_RDWR : flags;
}

#define OPEN(name)                                                     \
    int name(const char *path, int flags, ...) {                       \
        mode_t mode = 0;                                               \
        MODE(flags, mode);                                             \
        if (!is_watching()) return REAL(name)(path, flags, mode);      \
        off_t size = size_at(AT_FDCWD, path);                          \
        int fd = REAL(name)(path, readable(flags), mode);                        \
        opened(fd, flags, size);                                       \
        return fd;                                                     \
    }

#define OPENAT(name)                                                   \
    int name(int folder, const char *path, int flags, ...) {           \
        mode_t mode = 0;                                               \
        MODE(flags, mode);                                             \
        if (!is_watching()) return REAL(name)(folder, path, flags, mode); \
        off_t size = size_at(folder, path);                            \
        int fd = REAL(name)(folder, path, readable(flags), mode);                \
        opened(fd, flags, size);                                       \
        return fd;                                                     \
    }

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

#define PWRITE(name, offset_type)                                      \
    ssize_t name(int fd, const void *bytes, size_t count, offset_type at) { \
        ssize_t done = REAL(name)(fd, bytes, count, at);               \
        wrote(fd, at, done);                                           \
        return done;                                                   \
    }

#define PWRITEV(name, offset_type)                                     \
    ssize_t name(int fd, const struct iovec *parts, int count, offset_type at) { \
        ssize_t done = REAL(name)(fd, parts, count, at);               \
        wrote(fd, at, done);                                           \
        return done;                                                   \
    }

PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
PWRITEV(pwritev, off_t)
PWRITEV(pwritev64, off64_t)

ssize_t write(int fd, const void *bytes, size_t count) {
    ssize_t done = REAL(write)(fd, bytes, count);
    wrote_on(fd, done);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    ssize_t done = REAL(writev)(fd, parts, count);
    wrote_on(fd, done);
    return done;
}

/* What was cut off comes back as zeros if the file grows again. */
#define FTRUNCATE(name, offset_type)                                   \
    int name(int fd, offset_type size) {                               \
        struct stat status;                                            \
        struct file *file = lock_file(fd, &status);                    \
        if (file) {                                                    \
            soil(file, size, status.st_size);                          \
            pthread_mutex_unlock(&table);                              \
        }                                                              \
        return REAL(name)(fd, size);                                   \
    }

FTRUNCATE(ftruncate, off_t)
FTRUNCATE(ftruncate64, off64_t)

/* Brings the copy up to date. Who syncs the same file meanwhile waits: for them, too, it must be true. */
static int sync_with(int fd, int (*real)(int)) {
    struct stat status;
    struct file *file = lock_file(fd, &status);
    if (file) {
        pthread_mutex_unlock(&table);
        pthread_mutex_lock(&file->syncing);
        pthread_mutex_lock(&table);
        static __thread struct range ranges[MOST_RANGES];
        size_t count = file->ranges;
        memcpy(ranges, file->dirty, count * sizeof *ranges);
        file->ranges = 0;
        int is_named = file->inode != 0 && !fstat(fd, &status);
        static __thread char path[4096];
        strcpy(path, file->path);
        pthread_mutex_unlock(&table);
        int done = real(fd);
        if (is_named && !done) copy(fd, path, ranges, count, status.st_size);
        pthread_mutex_unlock(&file->syncing);
        if (done) return done;
    } else if (real(fd)) {
        return -1;
    }
    pthread_once(&told, ask);
    if (delay_us > 0) {
        struct timespec delay = { delay_us / 1000000, delay_us % 1000000 * 1000 };
        nanosleep(&delay, NULL);
    }
    return 0;
}

int fsync(int fd) { return sync_with(fd, REAL(fsync)); }
int fdatasync(int fd) { return sync_with(fd, REAL(fdatasync)); }

/* A name goes. */
static void unname(const char *path) {
    struct stat status;
    char whole[4096], shadow[8192];
    if (!is_watching() || lstat(path, &status) || !S_ISREG(status.st_mode) || !realpath(path, whole)) return;
    pthread_mutex_lock(&table);
    int is_watched = find(&status) != NULL;
    pthread_mutex_unlock(&table);
    if (!is_watched) return;
    shadow_path(whole, shadow);
    REAL(unlink)(shadow);
    if (status.st_nlink == 1) forget(&status);
}

int unlink(const char *path) {
    unname(path);
    return REAL(unlink)(path);
}

int unlinkat(int folder, const char *path, int flags) {
    if (folder == AT_FDCWD && !(flags & AT_REMOVEDIR)) unname(path);
    return REAL(unlinkat)(folder, path, flags);
}

/* The copy gets a second name too, and what is synced later goes to that. */
static void linked(const char *to) {
    struct stat status;
    char whole[4096], old[8192], new[8192];
    if (!is_watching() || stat(to, &status) || !realpath(to, whole)) return;
    pthread_mutex_lock(&table);
    struct file *file = find(&status);
    if (file) {
        shadow_path(file->path, old);
        strcpy(file->path, whole);
        shadow_path(whole, new);
        REAL(link)(old, new);
    }
    pthread_mutex_unlock(&table);
}

int link(const char *from, const char *to) {
    int done = REAL(link)(from, to);
    if (!done) linked(to);
    return done;
}

int linkat(int folder, const char *from, int other, const char *to, int flags) {
    int done = REAL(linkat)(folder, from, other, to, flags);
    if (!done && folder == AT_FDCWD && other == AT_FDCWD) linked(to);
    return done;
}

/* A file that was never synced under its old name leaves the new name's copy as it was. */
int rename(const char *from, const char *to) {
    struct stat moved, replaced;
    if (!is_watching() || stat(from, &moved)) return REAL(rename)(from, to);
    int replaces = !stat(to, &replaced);
    int done = REAL(rename)(from, to);
    if (done) return done;
    if (replaces && replaced.st_ino != moved.st_ino) forget(&replaced);
    pthread_mutex_lock(&table);
    struct file *file = find(&moved);
    char whole[4096];
    if (file && realpath(to, whole)) {
        char old[8192], new[8192];
        shadow_path(file->path, old);
        strcpy(file->path, whole);
        shadow_path(whole, new);
        REAL(rename)(old, new);
    }
    pthread_mutex_unlock(&table);
    return 0;
}
