// Package grpcresolver lets gRPC clients follow a service:
//
//	resolver, err := grpcresolver.New(runtime, grpcresolver.Config{})
//	conn, err := grpc.NewClient("firebreak:///api", grpc.WithResolvers(resolver), ...)
//
// # The model
//
// A [Builder] makes a resolver for each connection. The resolver follows a
// [View], which package actors' Runtime is, and hands gRPC the instances of each
// snapshot that can be picked: those in limbo behind the others, the draining not
// at all. Weight, zone and ID go with each address ([InstanceOf]). A resolver that
// is slower than the directory hands on the newest snapshot only.
//
// # Guarantees
//
//  1. Calls wait until something is known of the service, as long as their context
//     allows; then they fail at once while it has no instances.
//  2. Addresses are kept through whatever is wrong with their source: one that
//     does not answer, that has stopped, or that says there are none. gRPC finds out
//     by itself whether an address answers; nobody answers at an empty list. (gRPC's
//     own proposal A88 calls these ambient errors.)
//  3. An instance whose weight, zone or metadata changes keeps its connection.
//  4. Close ends the following and waits until it has.
//
// # Who may call what
//
// A [Builder] may serve any number of connections. The functions may be called
// from anywhere.
package grpcresolver
