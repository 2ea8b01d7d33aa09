package api_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/api"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
	"github.com/firebreak-go/firebreak/registry"
)

// A store, an API node in front of it, and a pool that finds the node in a
// directory.
func Example() {
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(folder) }()
	storeListener, apiListener := listen(), listen()
	apiAddress := netip.MustParseAddrPort(apiListener.Addr().String())
	ended := make(chan error, 2)
	go func() {
		ended <- store.Run(ctx, store.Config{Listener: storeListener, DataDir: folder, Users: 10, Guilds: 2, Seed: 1})
	}()
	go func() { ended <- api.Run(ctx, api.Config{Listener: apiListener, Store: storeListener.Addr().String()}) }()

	directory := &registry.Snapshot{Rows: registry.NewRows([]registry.Row{{Instance: registry.Instance{
		Service: "api", ID: "api-1", Host: apiAddress.Addr().String(), Port: int(apiAddress.Port()),
	}}})}
	pool := api.NewPool(func() *registry.Snapshot { return directory }, api.Options{})
	user, err := pool.LoadUser(ctx, store.Token(1, 7))
	fmt.Println(user.GetUsername(), err)
	_, err = pool.LoadUser(ctx, "a guess")
	fmt.Println(errors.Is(err, api.ErrUnauthenticated))
	pool.Close()

	stop()
	fmt.Println(<-ended, <-ended)
	// Output:
	// dusty_heron_7 <nil>
	// true
	// <nil> <nil>
}

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	return listener
}
