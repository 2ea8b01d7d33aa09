package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/incident/statuspage"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
)

// PageConfig is what the live page needs. The zero value serves none; what it
// would show is kept all the same.
type PageConfig struct {
	// Listener is where the page is served; it is closed with the run. Nil: nowhere.
	Listener net.Listener
	// Token is what commands must bring; without one they are taken on loopback only.
	Token string
	// Version is which build this is, as the page and the report say it.
	Version string
	// RecordFile gets what the page shows, to be replayed; empty means none.
	RecordFile string
	// ReportFile gets a report of what the acts showed, for people, and CSVDir the
	// raw series, for programs; empty means none.
	ReportFile, CSVDir string
}

// show is what is shown of a run: it observes the acts, and takes the page's
// commands. A nil show shows nothing. Safe for concurrent use.
type show struct {
	cfg       Config
	feed      *page.Feed
	recorder  *page.Recorder
	recording *page.Recording // nil: none
	file      *os.File
	closes    []func()
	torn      atomic.Bool // an announcement was cut, and not written again yet

	mu     sync.Mutex
	begun  *act // that is shown
	act    *act // the same, when it can be asked for something; else nil
	kept   bool // it stays up: another one may be asked for
	reruns chan rerun
}

// openShow begins to keep, to record and to serve what happens.
func openShow(ctx context.Context, cfg Config, began time.Time) (*show, error) {
	s := &show{cfg: cfg, reruns: make(chan rerun, 1)}
	var keep func(string, any)
	if path := cfg.Page.RecordFile; path != "" {
		file, err := os.Create(path)
		if err != nil {
			return nil, fmt.Errorf("cannot write the recording: %w", err)
		}
		s.file, s.recording = file, page.NewRecording(file, time.Now)
		keep = s.recording.Keep
	}
	s.feed = page.NewFeed(runOf(cfg, began), keep)
	s.recorder = page.NewRecorder(s.feed)
	recording, stop := context.WithCancel(context.WithoutCancel(ctx))
	var wait sync.WaitGroup
	wait.Go(func() { s.recorder.Run(recording) })
	s.closes = append(s.closes, func() { stop(); wait.Wait() })
	if cfg.Page.Listener == nil {
		return s, nil
	}
	public, err := statuspage.New(publicStatus{s})
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	server, err := page.NewServer(page.Config{
		Feed: s.feed, Details: s, Command: s.command, Status: public,
		Loopback: page.Loopback(cfg.Page.Listener), Token: cfg.Page.Token,
	})
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	s.closes = append(s.closes, page.Serve(ctx, cfg.Page.Listener, server))
	return s, nil
}

// runOf describes a run before its first act.
func runOf(cfg Config, began time.Time) page.Run {
	run := page.Run{
		Version: cfg.Page.Version, Seed: cfg.Seed, Started: began.UnixMilli(), Users: cfg.Users, Params: cfg.params(),
	}
	for _, profile := range cfg.Profiles {
		run.Acts = append(run.Acts, page.Act{Name: profile, Label: profile})
	}
	for i := range cfg.Nodes {
		run.Nodes = append(run.Nodes, nodeName(i))
	}
	run.Commands = commandSpecs(run.Nodes)
	return run
}

// params are the run's, as a reader of its report wants to know them.
func (c Config) params() map[string]string {
	return map[string]string{
		"nodes": strconv.Itoa(c.Nodes), "apis": strconv.Itoa(c.APIs), "users": strconv.Itoa(c.Users),
		"poison": c.Poison.String(), "boot": c.Boot.String(), "target": c.Target,
	}
}

// close ends serving and recording, in this order, and says what could not be kept.
func (s *show) close() error {
	for _, end := range slices.Backward(s.closes) {
		end()
	}
	s.closes = nil
	if s.recording == nil {
		return nil
	}
	err := errors.Join(s.recording.Close(), s.file.Close())
	s.recording = nil
	if err != nil {
		return fmt.Errorf("%s: %w", s.cfg.Page.RecordFile, err)
	}
	return nil
}

// begin makes an act the one that is shown.
func (s *show) begin(index int, a *act) {
	s.mu.Lock()
	s.begun, s.act, s.kept = a, nil, false
	s.mu.Unlock()
	a.show, a.maker.show, a.shownAt = s, s, time.Now()
	limits := actors.Isolated().Service.Intensity
	if a.profile == ProfileNaive {
		limits = actors.Naive().Service.Intensity
	}
	s.recorder.Begin(page.FoldConfig{
		Act: index, Start: a.shownAt, Nodes: names(a.layout.nodes), Users: a.cfg.Users,
		Intensity: limits.Restarts, Window: limits.Period,
	}, page.Act{Name: a.profile, Label: s.label(index, a.profile)})
}

// label names an act; one that was asked for has its number.
func (s *show) label(index int, profile string) string {
	if index < len(s.cfg.Profiles) {
		return profile
	}
	return fmt.Sprintf("%s, act %d", profile, index+1)
}

// enter says that an act's ways are laid: what it has besides its processes stays
// as it is, and it can be watched and asked for something.
func (s *show) enter(ctx context.Context, a *act) {
	if s == nil {
		return
	}
	a.monitor(ctx, a.showEtcd)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.act = a
}

// leave says that an act is being stopped: nothing may be asked of it any more.
func (s *show) leave(a *act) {
	if s == nil {
		return
	}
	s.mu.Lock()
	mine := s.begun == a
	if mine {
		s.begun, s.act, s.kept = nil, nil, false
	}
	s.mu.Unlock()
	if mine {
		s.recorder.Observe(page.ActOver{At: time.Now(), Summary: "the cluster was stopped"})
		s.recorder.Rest()
	}
}

// ended tells what an act showed. A cluster that is kept goes on.
func (s *show) ended(ctx context.Context, results Results, kept bool) {
	last := results.Acts[len(results.Acts)-1]
	s.see(page.ReadBack{Lost: last.MessagesLost})
	s.keepDetails(ctx)
	at := time.Now()
	if kept {
		s.mu.Lock()
		s.kept = true
		s.mu.Unlock()
		s.flag(at, page.FlagAction, "the act is over; the cluster stays up")
	} else {
		s.recorder.Observe(page.ActOver{At: at, Summary: verdictOf(last)})
	}
	s.feed.PublishResult(resultOf(results))
}

// resultOf is the table, as the page shows it.
func resultOf(results Results) page.Result {
	r := page.Result{Index: len(results.Acts) - 1, Verdict: verdict(results.Acts)}
	for _, a := range results.Acts {
		r.Columns = append(r.Columns, a.Profile)
	}
	for _, row := range rows() {
		line := []string{row.label}
		for _, a := range results.Acts {
			if row.value != nil {
				line = append(line, row.value(a))
			}
		}
		r.Rows = append(r.Rows, line)
	}
	return r
}

func (s *show) flag(at time.Time, kind page.FlagKind, text string) {
	s.see(page.Flagged{At: at, Kind: kind, Text: text})
}
