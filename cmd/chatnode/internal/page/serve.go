package page

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"time"
)

const (
	// morePorts is how many ports after a taken one are tried.
	morePorts  = 50
	headLimit  = 5 * time.Second
	drainLimit = time.Second
)

// Listen opens the address, or, where its port is taken, the next one that is free.
func Listen(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	first, err := lc.Listen(ctx, "tcp", address)
	if err == nil || !errors.Is(err, syscall.EADDRINUSE) {
		return first, err
	}
	host, text, splitErr := net.SplitHostPort(address)
	port, atoiErr := strconv.Atoi(text)
	if splitErr != nil || atoiErr != nil {
		return nil, err
	}
	for next := port + 1; next <= min(port+morePorts, 65535); next++ {
		l, failed := lc.Listen(ctx, "tcp", net.JoinHostPort(host, strconv.Itoa(next)))
		if failed == nil || !errors.Is(failed, syscall.EADDRINUSE) {
			return l, failed
		}
	}
	return nil, fmt.Errorf("ports %d to %d are all in use", port, port+morePorts)
}

// Loopback says that only this machine reaches a listener.
func Loopback(l net.Listener) bool {
	at, ok := l.Addr().(*net.TCPAddr)
	return ok && at.IP.IsLoopback()
}

// URL is where a browser on this machine finds what listens there.
func URL(l net.Listener) string {
	at, ok := l.Addr().(*net.TCPAddr)
	if !ok {
		return "http://" + l.Addr().String()
	}
	host := at.IP.String()
	if at.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(at.Port))
}

// Serve answers on the listener until the returned stop is called, which ends open
// streams and waits. The end of ctx does not stop it.
func Serve(ctx context.Context, l net.Listener, h http.Handler) (stop func()) {
	ctx, end := context.WithCancel(context.WithoutCancel(ctx))
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: headLimit, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l) // ends with stop
	}()
	return func() {
		end() // streams end by it
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainLimit)
		defer cancel()
		if server.Shutdown(draining) != nil {
			_ = server.Close()
		}
		<-done
	}
}
