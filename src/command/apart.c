/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * A child whose result lies in memory that is shared with it.
 */
#include "apart.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOW = 64 };

static void __attribute__((noreturn)) child(void (*work)(void *result), void *result,
                                            unsigned seconds)
{
    int fd = open("/dev/null", O_RDWR);
    if (fd >= 0) {
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
    signal(SIGALRM, SIG_DFL);
    alarm(seconds);
    work(result);
    _exit(0);
}

static bool ended_well(pid_t pid, char *how)
{
    int status;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) {
            snprintf(how, HOW, "waitpid: %s", strerror(errno));
            return false;
        }
    how[0] = '\0';
    if (WIFSIGNALED(status))
        snprintf(how, HOW, WTERMSIG(status) == SIGALRM ? "it did not end in time" : "%s",
                 strsignal(WTERMSIG(status)));
    else if (WEXITSTATUS(status) != 0)
        snprintf(how, HOW, "exit status %d", WEXITSTATUS(status));
    return how[0] == '\0';
}

bool apart(void (*work)(void *result), void *result, size_t size, unsigned seconds, char *how)
{
    void *shared = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        snprintf(how, HOW, "mmap: %s", strerror(errno));
        return false;
    }
    memcpy(shared, result, size);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        child(work, shared, seconds);
    if (pid < 0)
        snprintf(how, HOW, "fork: %s", strerror(errno));
    bool well = pid > 0 && ended_well(pid, how);
    if (well)
        memcpy(result, shared, size);
    munmap(shared, size);
    return well;
}
