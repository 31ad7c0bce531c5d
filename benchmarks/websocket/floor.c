/* What any client pays for WebSocket messages: send, epoll_wait and recv, and nothing else. No message is timed or
 * looked into; frames are counted by their bytes, which are all alike. `others.py` compiles and runs it.
 *
 *     floor HOST PORT PATH CONNECTIONS RATE SECONDS GRAIN_MS PUBLISHES
 *
 * GRAIN_MS 0: a message is sent when it is due; else what fell due is sent, and what came read, every so often. PUBLISHES 1: the first
 * connection sends, all hear; 0: each message is sent on the next connection. Prints how many messages came.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAYLOAD = 64, HEAD = 6, BACK = 2 + PAYLOAD, AT_ONCE = 256 };

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec * 1e-9;
}

static void must(int ok, const char *what)
{
    if (!ok) {
        perror(what);
        exit(1);
    }
}

static int joined(const struct sockaddr_in *address, const char *path)
{
    char text[1024], byte;
    int on = 1, matched = 0, fd = socket(AF_INET, SOCK_STREAM, 0);
    must(fd >= 0, "socket");
    must(connect(fd, (const struct sockaddr *)address, sizeof *address) == 0, "connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    int size = snprintf(text, sizeof text,
        "GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n", path);
    must(write(fd, text, size) == size, "write");
    while (matched < 4) {
        must(read(fd, &byte, 1) == 1, "read");
        matched = byte == "\r\n\r\n"[matched] ? matched + 1 : byte == '\r';
    }
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

int main(int count, char **words)
{
    must(count == 9, "floor HOST PORT PATH CONNECTIONS RATE SECONDS GRAIN_MS PUBLISHES");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(atoi(words[2]))};
    inet_pton(AF_INET, words[1], &address.sin_addr);
    int connections = atoi(words[4]), publishes = atoi(words[8]), poller = epoll_create1(0);
    double rate = atof(words[5]), seconds = atof(words[6]), grain = atof(words[7]) / 1e3;
    int *fds = calloc(connections, sizeof *fds);
    for (int number = 0; number < connections; number++) {
        struct epoll_event wanted = {.events = EPOLLIN, .data.fd = fds[number] = joined(&address, words[3])};
        epoll_ctl(poller, EPOLL_CTL_ADD, fds[number], &wanted);
    }
    unsigned char frame[HEAD + PAYLOAD] = {0x81, 0x80 | PAYLOAD}; /* masked with zeros: the bytes are as they are */
    memset(frame + HEAD, 'x', PAYLOAD);
    static char buffer[65536];
    struct epoll_event ready[AT_ONCE];
    long sent = 0, planned = rate * seconds;
    unsigned long long bytes = 0;
    double begin = now() + 0.1;
    for (;;) {
        double at = now() - begin;
        long due = at < 0 ? 0 : at * rate + 1;
        for (; sent < due && sent < planned; sent++) {
            int fd = fds[publishes ? 0 : sent % connections];
            must(write(fd, frame, sizeof frame) == sizeof frame, "write");
        }
        if (sent >= planned && at > seconds + 1)
            break;
        double next = sent >= planned ? seconds + 1.01 : grain > 0 ? at + grain : sent / rate;
        double wait = next - (now() - begin);
        struct timespec limit = {0, wait > 0 ? (long)((wait < 0.5 ? wait : 0.5) * 1e9) : 0}, at_once = {0, 0};
        if (grain > 0) /* whatever comes meanwhile lies unread, and wakes nobody */
            nanosleep(&limit, NULL);
        int found = epoll_pwait2(poller, ready, AT_ONCE, grain > 0 ? &at_once : &limit, NULL);
        for (; found > 0; found = found == AT_ONCE ? epoll_pwait2(poller, ready, AT_ONCE, &at_once, NULL) : 0)
            for (int place = 0; place < found; place++) {
                ssize_t size = recv(ready[place].data.fd, buffer, sizeof buffer, 0);
                must(size > 0, "recv");
                bytes += size;
            }
    }
    printf("%llu\n", bytes / BACK);
    return 0;
}
