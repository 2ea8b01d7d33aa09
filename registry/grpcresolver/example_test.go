package grpcresolver_test

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/grpcresolver"
	"github.com/firebreak-go/firebreak/registry/registrytest"
)

// A gRPC client calls a service by its name.
func Example() {
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer()
	grpc_health_v1.RegisterHealthServer(server, health.NewServer())
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()

	backend := registrytest.NewMemory(registrytest.Config{}) // in production: etcdv2.New
	runtime, err := actors.New(actors.Config{Source: backend, Writer: backend})
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := run(runtime, listener.Addr()); err != nil {
		fmt.Println(err)
	}
	// Output: SERVING
}

// run announces the server and calls it.
func run(runtime *actors.Runtime, at net.Addr) error {
	address, _ := at.(*net.TCPAddr)
	instance := registry.Instance{Service: "api", ID: "api-1", Host: address.IP.String(), Port: address.Port}
	if err := runtime.Watch("api"); err != nil {
		return err
	}
	if err := runtime.Announce(instance, 0); err != nil {
		return err
	}
	ctx := context.Background()
	if err := runtime.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = runtime.Stop(ctx) }()

	resolver, err := grpcresolver.New(runtime, grpcresolver.Config{})
	if err != nil {
		return err
	}
	conn, err := grpc.NewClient("firebreak:///api", grpc.WithResolvers(resolver), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	reply, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{}, grpc.WaitForReady(true))
	if err != nil {
		return err
	}
	fmt.Println(reply.GetStatus())
	return nil
}
