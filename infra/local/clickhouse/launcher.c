// A ClickHouse server from the embeddable library: `clickhouse-server <libchdb.so> <config.xml>`.
//
// The library exports the command line of `clickhouse local`, whose engine includes the HTTP and TCP
// servers. Two statements open them; a third, which sleeps for some 30 years, keeps the process alive.
#include <dlfcn.h>
#include <stdio.h>

typedef int (*command_line)(int argc, char **argv);

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: %s <libchdb.so> <config.xml>\n", argv[0]);
        return 2;
    }
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_GLOBAL);
    command_line run = library ? (command_line)dlsym(library, "chdb_query_cmdline") : NULL;
    if (!run) {
        fprintf(stderr, "%s\n", dlerror());
        return 1;
    }
    char *arguments[] = {
        "clickhouse", "--config-file", argv[2], "--log-level", "warning", "--query",
        "SYSTEM START LISTEN HTTP; SYSTEM START LISTEN TCP;"
        "SELECT sleepEachRow(1) FROM numbers(1000000000) FORMAT Null"
        " SETTINGS function_sleep_max_microseconds_per_block = 0, max_block_size = 1",
        NULL,
    };
    return run(sizeof arguments / sizeof *arguments - 1, arguments);
}
