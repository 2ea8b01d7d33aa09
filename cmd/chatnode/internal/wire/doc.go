// Package wire holds what the processes of a chat cluster say to each other by
// gRPC, and the limits every one of them keeps while saying it.
//
// The .proto files are the source: Loader is what API nodes serve to chat
// nodes, Store is what the database process serves to API nodes, and the
// entities are shared by both and by the store's disk format. The .pb.go files
// are generated from them and never edited.
//
// [NewServer], [Serve] and [Dial] are the two ends of every connection:
//   - a server has a number of calls it works on at once, in each of its lanes; one
//     more is refused at once with RESOURCE_EXHAUSTED, never queued;
//   - every call has a deadline, every message a size, every listener a number
//     of connections;
//   - a handler that panics costs its own call (INTERNAL), not the process;
//   - [Serve] stops within its grace, whatever its handlers do;
//   - a client notices a dead peer by itself, comes back within about a second
//     of the peer, and talks to loopback and to other machines alike.
//
// To generate again, put Go's install folder on the PATH (the plugins below are
// installed into it at their pinned versions), install protoc 3.21 or newer, and
// run go generate in this folder.
package wire

//go:generate go install google.golang.org/protobuf/cmd/protoc-gen-go@v1.36.12
//go:generate go install google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.6.2
//go:generate protoc -I=.. --go_out=.. --go_opt=paths=source_relative --go-grpc_out=.. --go-grpc_opt=paths=source_relative wire/entities.proto wire/loader.proto wire/store.proto wire/peer.proto
