package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strconv"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/cluster"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/study"
)

// pageFlags are the flags of the live page.
type pageFlags struct {
	Page          addressOrOff `default:"127.0.0.1:8080" help:"Where the live page is, or off; a port that is taken is the next free one."`
	PageTokenFile string       `placeholder:"FILE" help:"The file with the token that the page's commands must bring; without one they are taken on loopback only."`
	Record        string       `placeholder:"FILE" help:"Write what the page shows to this file, to be replayed."`
	Report        string       `placeholder:"FILE" help:"Write a report to this file: one HTML page with plots, the table, the timeline and the parameters."`
	CSV           string       `name:"csv" placeholder:"DIR" help:"Write the raw series to this folder, as CSV."`
	Replay        string       `placeholder:"FILE" help:"Start no cluster: show a recorded run on the page."`
	Speed         factor       `default:"1" help:"How many times faster than recorded --replay plays."`
}

// openPage takes the page's port; nil where there is to be no page.
func (f pageFlags) openPage(ctx context.Context, s *session) (net.Listener, error) {
	if f.Page == "" {
		return nil, nil //nolint:nilnil // no page
	}
	l, err := page.Listen(ctx, string(f.Page))
	if err != nil {
		return nil, fmt.Errorf("--page %s: cannot listen there: %w; choose another address, or off", f.Page, bare(err))
	}
	moved := ""
	if _, port, _ := net.SplitHostPort(string(f.Page)); port != "0" && !samePort(l, port) {
		moved = ", since port " + port + " is in use"
	}
	_, err = fmt.Fprintf(s.stdout, "the page: %s%s\n", page.URL(l), moved)
	return l, err
}

func samePort(l net.Listener, port string) bool {
	_, got, err := net.SplitHostPort(l.Addr().String())
	return err == nil && got == port
}

// token is what the page's commands must bring; empty where nothing is asked for.
func (f pageFlags) token() (string, error) {
	if f.PageTokenFile == "" {
		return "", nil
	}
	return readToken("--page-token-file", f.PageTokenFile)
}

// replay shows a recorded run until ctx ends.
func (f pageFlags) replay(ctx context.Context, s *session) error {
	if f.Page == "" {
		return usagef("--replay needs a page: leave --page off away")
	}
	file, err := os.Open(f.Replay)
	if err != nil {
		return fmt.Errorf("--replay %s: %w", f.Replay, bare(err))
	}
	defer func() { _ = file.Close() }()
	player, err := page.OpenRecording(file)
	if err != nil {
		return fmt.Errorf("--replay %s: %w", f.Replay, err)
	}
	feed := page.NewFeed(player.Run(), nil)
	server, err := page.NewServer(page.Config{Feed: feed, Details: player, Loopback: true})
	if err != nil {
		return err
	}
	l, err := f.openPage(ctx, s)
	if err != nil {
		return err
	}
	defer page.Serve(ctx, l, server)()
	err = player.Play(ctx, feed, float64(f.Speed))
	if errors.Is(err, context.Canceled) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("--replay %s: %w", f.Replay, err)
	}
	if err := f.report(study.Of(feed)); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.stdout, "The recording is over; the page stays until it is interrupted (Ctrl-C).")
	<-ctx.Done()
	return err
}

// report writes what a replay has shown.
func (f pageFlags) report(r study.Report) error {
	if f.Report != "" {
		if err := cluster.WriteReport(f.Report, r); err != nil {
			return fmt.Errorf("--report: %w", err)
		}
	}
	if f.CSV != "" {
		if err := r.WriteCSV(f.CSV); err != nil {
			return fmt.Errorf("--csv: %w", err)
		}
	}
	return nil
}

// addressOrOff is a TCP address, or empty for "off".
type addressOrOff string

// UnmarshalText accepts "off" and host:port.
func (a *addressOrOff) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*a = ""
		return nil
	}
	return (*address)(a).UnmarshalText(text)
}

// factor is a positive number.
type factor float64

// UnmarshalText accepts 0.01 to 1000.
func (f *factor) UnmarshalText(text []byte) error {
	x, err := strconv.ParseFloat(string(text), 64)
	if err != nil || !(x >= 0.01 && x <= 1000) {
		return fmt.Errorf("%q is no factor: write a number from 0.01 to 1000", text)
	}
	*f = factor(x)
	return nil
}

// preparePage puts the live page into the demo's configuration.
func (c *demoCommand) preparePage(ctx context.Context, s *session, cfg *cluster.Config) error {
	info, _ := debug.ReadBuildInfo()
	cfg.Page.Version, cfg.Page.RecordFile, cfg.Page.ReportFile, cfg.Page.CSVDir = version(info), c.Record, c.Report, c.CSV
	if c.Headless {
		return nil
	}
	var err error
	if cfg.Page.Token, err = c.token(); err != nil {
		return err
	}
	cfg.Page.Listener, err = c.openPage(ctx, s)
	return err
}
