package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// Run plays the acts and prints what they showed. It returns nil when the acts
// ran, whatever they showed, and one clear line when a process could not start
// or a cluster did not become ready. When ctx ends before the last act is over,
// the error wraps ctx's. No process and no folder is left behind.
func Run(ctx context.Context, cfg Config) (err error) {
	if err := cfg.Validate(); err != nil {
		return err
	}
	cfg = cfg.withDefaults()
	if cfg.Binary == "" {
		if cfg.Binary, err = os.Executable(); err != nil {
			return fmt.Errorf("own executable: %w", err)
		}
	}
	if err := prepareFiles(cfg); err != nil {
		return err
	}
	parent, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return fmt.Errorf("temporary folder: %w", err)
	}
	dir, err := os.MkdirTemp(parent, "firebreak-demo-")
	if err != nil {
		return fmt.Errorf("temporary folder: %w: choose a folder that can be written to", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r := run{cfg: cfg, dir: dir, ports: newPorts(), start: spawn(cfg.Binary), began: time.Now()}
	if r.show, err = openShow(ctx, cfg, r.began); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.show.close()) }()
	return r.acts(ctx)
}

// prepareFiles says early that a file cannot be written, and removes a ready
// file of an earlier run, which would send its reader to a cluster that is gone.
func prepareFiles(cfg Config) error {
	for _, path := range []string{cfg.JSONFile, cfg.ReadyFile, cfg.Page.RecordFile, cfg.Page.ReportFile} {
		if path == "" {
			continue
		}
		if err := checkWritable(path); err != nil {
			return err
		}
	}
	if cfg.Page.CSVDir != "" {
		if err := os.MkdirAll(cfg.Page.CSVDir, 0o755); err != nil {
			return fmt.Errorf("cannot write the raw series: %w", err)
		}
	}
	if cfg.ReadyFile != "" {
		if err := os.Remove(cfg.ReadyFile); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("old ready file: %w", err)
		}
	}
	return nil
}

// run is one call of [Run].
type run struct {
	cfg   Config
	dir   string
	ports *ports
	start starter
	began time.Time
	show  *show
}

// acts plays one act after the other; only the last one's cluster can outlive it.
func (r run) acts(ctx context.Context) (err error) {
	results := Results{Seed: r.cfg.Seed}
	screen := newScreen(r.cfg.Out, r.cfg.Terminal && !r.cfg.Headless, r.began)
	defer screen.close()
	for i, profile := range r.cfg.Profiles {
		a, err := r.act(ctx, i, profile, screen)
		if err != nil {
			return err
		}
		result, err := a.play(ctx)
		if err != nil {
			return errors.Join(err, a.close())
		}
		results.Acts = append(results.Acts, result)
		last := i == len(r.cfg.Profiles)-1
		r.show.ended(ctx, results, last && r.cfg.Keep)
		if last && r.cfg.Keep {
			screen.close()
			return errors.Join(r.publish(results), r.keepOn(ctx, a, results))
		}
		if err := a.close(); err != nil {
			return err
		}
	}
	screen.close()
	return r.publish(results)
}

func (r run) act(ctx context.Context, i int, profile string, s *screen) (*act, error) {
	dir := filepath.Join(r.dir, fmt.Sprintf("%d-%s", i+1, profile))
	a, err := newAct(ctx, r.cfg, profile, dir, r.ports, newTeller(profile, s), r.start)
	if err != nil {
		return nil, err
	}
	r.show.begin(i, a)
	a.monitor(ctx, func(ctx context.Context) { a.showStatus(ctx, s) })
	return a, nil
}

// publish writes the results for machines, then for people.
func (r run) publish(results Results) error {
	if r.cfg.JSONFile != "" {
		if err := writeJSON(r.cfg.JSONFile, results); err != nil {
			return err
		}
	}
	if err := r.show.report(); err != nil {
		return err
	}
	return printTable(r.cfg.Out, results)
}

// keepOn leaves a cluster up until ctx ends, or until another act is asked for,
// which is played then and left up in its turn.
func (r run) keepOn(ctx context.Context, a *act, results Results) error {
	for {
		again, err := r.keep(ctx, a)
		if err = errors.Join(err, a.close()); err != nil || again == nil {
			return err
		}
		again.apply(&r.cfg)
		screen := newScreen(r.cfg.Out, r.cfg.Terminal && !r.cfg.Headless, r.began)
		if a, err = r.act(ctx, len(results.Acts), again.profile, screen); err != nil {
			screen.close()
			return err
		}
		result, err := a.play(ctx)
		screen.close()
		if err != nil {
			return errors.Join(err, a.close())
		}
		results.Acts = append(results.Acts, result)
		r.show.ended(ctx, results, true)
		if err := r.publish(results); err != nil {
			return errors.Join(err, a.close())
		}
	}
}

// keep leaves a cluster up; whatever dies in it comes back. It returns what act is
// asked for next, nil when ctx has ended.
func (r run) keep(ctx context.Context, a *act) (*rerun, error) {
	if err := printWhere(r.cfg.Out, a.profile, a.dir, a.present(), a.pids()); err != nil {
		return nil, err
	}
	s := newScreen(r.cfg.Out, false, r.began)
	defer s.close()
	a.teller.speak(s)
	defer a.teller.silence()
	select {
	case <-ctx.Done():
		return nil, nil //nolint:nilnil // nothing is asked for
	case again := <-r.show.reruns:
		return &again, nil
	}
}
