package load_test

import (
	"context"
	"fmt"
	"net"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/load"
)

// A crowd goes on trying while its gateway is away, and every attempt is accounted for.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	crowd, err := load.New(load.Config{
		Gateways: []string{"ws://" + listener.Addr().String()},
		Users:    3,
		Seed:     1,
		Token:    func(n int) string { return fmt.Sprint("user-", n) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	done := make(chan error)
	go func() { done <- crowd.Run(ctx) }()
	for range 3 { // every user dials a gateway that hangs up
		if socket, err := listener.Accept(); err == nil {
			_ = socket.Close()
		}
	}
	stop()
	fmt.Println("stopped:", <-done)
	s := crowd.Stats()
	fmt.Println("ready:", s.Ready, "accounted for:", s.Attempts >= 3 && s.Attempts == s.Failures)
	// Output:
	// stopped: <nil>
	// ready: 0 accounted for: true
}
