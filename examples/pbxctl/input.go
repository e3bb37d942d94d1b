package main

import (
	"context"
	"io"
	"os"
)

// readInput reads a file, '-' for standard input, up to limit bytes of it. It
// returns when ctx ends, too: a terminal or a pipe may never bring anything.
// The program ends then, and with it what still reads.
func readInput(ctx context.Context, path string, stdin io.Reader, limit int64) ([]byte, error) {
	var content []byte
	done := make(chan error, 1)
	go func() {
		var err error
		content, err = readLimited(path, stdin, limit)
		done <- err
	}()
	select {
	case err := <-done:
		return content, err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func readLimited(path string, stdin io.Reader, limit int64) ([]byte, error) {
	source := stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		source = file
	}
	return io.ReadAll(io.LimitReader(source, limit))
}
