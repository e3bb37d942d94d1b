package main

import (
	"context"
	"io"
	"os"
)

// readInput reads up to limit bytes of a file, or of standard input for '-'. It
// also returns when ctx ends, because a terminal or a pipe may never deliver
// anything. The program exits then, which ends the read.
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
