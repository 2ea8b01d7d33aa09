package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// client is one session of a library.
type client interface {
	// open connects, and returns when the library says so.
	open(ctx context.Context) error
	// members asks for the members of a guild whose names begin with a prefix.
	members(ctx context.Context, guild, prefix string) error
	// ask does something by REST, and says whether it knows the words.
	ask(words []string) (known bool, err error)
	// leave closes the session as the library does.
	leave(ctx context.Context) error
}

// lines prints events; libraries call their handlers from several goroutines.
type lines struct {
	mu  sync.Mutex
	out io.Writer
}

func (l *lines) print(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = fmt.Fprintf(l.out, format+"\n", args...) // nobody listens any more
}

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdin, os.Stdout); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "stockclient:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("stockclient", flag.ContinueOnError)
	library := flags.String("library", "", "discordgo, disgo or discordgo-rest")
	rest := flags.String("rest", "", "where REST is, for discordgo")
	gateway := flags.String("gateway", "", "where the gateway is, for disgo")
	token := flags.String("token", "", "whose session it is")
	member := flags.String("member", "", "whom discordgo-rest adds to its guild")
	if err := flags.Parse(args); err != nil {
		return err
	}
	out := &lines{out: stdout}
	var c client
	var err error
	switch *library {
	case "discordgo":
		c, err = newDiscordgo(*rest, *token, out)
	case "disgo":
		c = newDisgo(*gateway, *token, out)
	case "discordgo-rest":
		return tellStory(*rest, *token, *member, out)
	default:
		err = errors.New("-library is discordgo, disgo or discordgo-rest")
	}
	if err != nil {
		return err
	}
	if err := c.open(ctx); err != nil {
		return fmt.Errorf("open: %w", err)
	}
	return obey(ctx, c, stdin)
}

// obey carries out lines until "close" or the end.
func obey(ctx context.Context, c client, stdin io.Reader) error {
	in := bufio.NewScanner(stdin)
	for in.Scan() {
		words := strings.Fields(in.Text())
		switch {
		case len(words) == 1 && words[0] == "close":
			return c.leave(ctx)
		case len(words) == 3 && words[0] == "members":
			if err := c.members(ctx, words[1], words[2]); err != nil {
				return fmt.Errorf("members: %w", err)
			}
		default:
			if known, err := c.ask(words); err != nil || !known {
				return fmt.Errorf("%q: known %v, %w", in.Text(), known, err)
			}
		}
	}
	return in.Err()
}
