package gateway_test

import (
	"context"
	"fmt"
	"net"

	"github.com/coder/websocket"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway/protocol"
)

// nobody is a loader that knows no token.
type nobody struct{}

func (nobody) LoadUser(context.Context, string) (protocol.User, error) {
	return protocol.User{}, gateway.ErrBadToken
}

// A server greets whoever connects, and tells a client whose token is unknown not to come back.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	server, err := gateway.New(gateway.Config{Listener: listener, Node: "node-1", Loader: nobody{}})
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- server.Serve(ctx) }()

	client, _, err := websocket.Dial(ctx, "ws://"+listener.Addr().String()+"/?v=10&encoding=json", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, hello, _ := client.Read(ctx)
	fmt.Println(string(hello))
	_ = client.Write(ctx, websocket.MessageText, []byte(`{"op":2,"d":{"token":"x","properties":{},"intents":0}}`))
	_, _, err = client.Read(ctx)
	fmt.Println("closed with", int(websocket.CloseStatus(err)))

	stop()
	fmt.Println("stopped:", <-served, server.Stats().IdentifyFailed)
	// Output:
	// {"t":null,"s":null,"op":10,"d":{"heartbeat_interval":41250}}
	// closed with 4004
	// stopped: <nil> 1
}
