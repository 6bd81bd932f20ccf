/* SPDX-License-Identifier: BSD-2-Clause */
/** @file
 * Preloaded into the programs of the coverage tree: a process that ends at once, by abort(),
 * _exit() or a fault that was looked at, writes down what it counted first, which gcov does in
 * exit() alone.
 * Owner: nothing. Threads: any.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* A copy of the process, counters included, that ends as gcov wants it. It says nothing that is
 * buffered, and does not wait for ever for a lock that was held. */
static void write_counts(void)
{
    pid_t pid = _Fork();
    if (pid == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDOUT_FILENO);
        dup2(nowhere, STDERR_FILENO);
        signal(SIGALRM, SIG_DFL);
        alarm(10);
        exit(0);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

__attribute__((noreturn)) static void really(const char *name, int status)
{
    void (*call)(int) = (void (*)(int))dlsym(RTLD_NEXT, name); /* abort() does not mind */
    call(status);
    __builtin_unreachable();
}

void abort(void)
{
    write_counts();
    really("abort", 0);
}

void _exit(int status)
{
    write_counts();
    really("_exit", status);
}

/* Who has looked at a fault, and leaves it to the system, lets the process die of it next. */
int sigaction(int sig, const struct sigaction *action, struct sigaction *before)
{
    int (*call)(int, const struct sigaction *, struct sigaction *) =
        (int (*)(int, const struct sigaction *, struct sigaction *))dlsym(RTLD_NEXT, "sigaction");
    if (action != NULL && (sig == SIGSEGV || sig == SIGBUS) && action->sa_handler == SIG_DFL)
        write_counts();
    return call(sig, action, before);
}
