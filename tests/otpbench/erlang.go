package main

import (
	"context"
	_ "embed" // the Erlang side
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

//go:embed bench.erl
var program []byte

var errNoErlang = errors.New("no Erlang here (erl and erlc), so nothing is compared: apt-get install erlang-base")

// erlang is an installed Erlang and a folder with the compiled program.
type erlang struct {
	erl, folder string
	version     string
}

// findErlang compiles the Erlang side; errNoErlang says that there is no compiler. The caller removes the folder.
func findErlang(ctx context.Context) (_ *erlang, err error) {
	erl, errErl := exec.LookPath("erl")
	erlc, errErlc := exec.LookPath("erlc")
	if errErl != nil || errErlc != nil {
		return nil, errNoErlang
	}
	vm := &erlang{erl: erl}
	if vm.folder, err = os.MkdirTemp("", "otpbench-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			vm.remove()
		}
	}()
	source := filepath.Join(vm.folder, "bench.erl")
	if err := os.WriteFile(source, program, 0o600); err != nil {
		return nil, err
	}
	compile := exec.CommandContext(ctx, erlc, "-Wall", "-Werror", "-o", vm.folder, source)
	compile.Dir = vm.folder
	if _, err := output(compile); err != nil {
		return nil, fmt.Errorf("compile bench.erl: %w", err)
	}
	version, err := output(vm.command(ctx, "versions", 0))
	vm.version = strings.TrimSpace(version)
	return vm, err
}

func (e *erlang) remove() { _ = os.RemoveAll(e.folder) }

// command runs one row in a VM of its own; a VM that crashes leaves no dump.
func (e *erlang) command(ctx context.Context, row string, n int) *exec.Cmd {
	c := exec.CommandContext(ctx, e.erl, "-noshell", "-pa", e.folder, "-run", "bench", "main", row, strconv.Itoa(n))
	c.Dir = e.folder
	c.Env = append(os.Environ(), "ERL_CRASH_DUMP_SECONDS=0")
	return c
}

// output runs a command and returns what it printed; its error holds what it complained of.
func output(c *exec.Cmd) (string, error) {
	var complaint strings.Builder
	c.Stderr = &complaint
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%w: %s%s", err, out, strings.TrimSpace(complaint.String()))
	}
	return string(out), nil
}
