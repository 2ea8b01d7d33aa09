package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.LookupEnv))
}

// run is the whole program but for what belongs to the operating system; it
// returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, env func(string) (string, bool)) int {
	return cli.Run(ctx, cli.Process{Args: args, Stdin: stdin, Stdout: stdout, Stderr: stderr, LookupEnv: env})
}
