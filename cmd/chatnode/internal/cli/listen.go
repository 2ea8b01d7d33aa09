package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"syscall"
)

// listen opens a TCP listener, or says what to do about the flag that named it.
func listen(ctx context.Context, flag string, at address) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", string(at))
	switch {
	case err == nil:
		return l, nil
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s %s: the port is in use; stop what listens there or choose another port (0 takes a free one)", flag, at)
	case errors.Is(err, fs.ErrPermission):
		return nil, fmt.Errorf("%s %s: not allowed to listen there; choose a port above 1023", flag, at)
	}
	return nil, fmt.Errorf("%s %s: cannot listen there: %w; choose an address of this machine", flag, at, err)
}

// writableFolder makes dir when it is not there, and says what to do when
// nothing can be written into it.
func writableFolder(flag, dir string) error {
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = tryWrite(dir)
	}
	if err != nil {
		return fmt.Errorf("%s %s: cannot write there: %w; choose a folder that this user may write to", flag, dir, bare(err))
	}
	return nil
}

func tryWrite(dir string) error {
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// bare drops the path that the caller has named already.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
