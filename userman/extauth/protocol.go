package extauth

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
)

// Protocol is the framing of requests and answers.
type Protocol string

// The protocols; see the package documentation.
const (
	Ejabberd Protocol = "ejabberd"
	Generic  Protocol = "generic"
)

const (
	// lengthSize is the size of the length before a request.
	lengthSize = 2
	// maxRequest is the maximum of that length.
	maxRequest = 1<<16 - 1
)

// UnmarshalText reads a protocol from the settings.
func (p *Protocol) UnmarshalText(text []byte) error {
	switch protocol := Protocol(text); protocol {
	case Ejabberd, Generic:
		*p = protocol
		return nil
	}
	return fmt.Errorf("write %s or %s", Ejabberd, Generic)
}

// MarshalText writes what UnmarshalText reads.
func (p Protocol) MarshalText() ([]byte, error) { return []byte(p), nil }

// split returns the function that finds the next request, for a [bufio.Scanner].
func (p Protocol) split() bufio.SplitFunc {
	if p == Generic {
		return bufio.ScanLines
	}
	return splitFrames
}

func splitFrames(data []byte, atEOF bool) (advance int, token []byte, err error) {
	if len(data) >= lengthSize {
		end := lengthSize + int(binary.BigEndian.Uint16(data))
		if len(data) >= end {
			return end, data[lengthSize:end], nil
		}
	}
	if atEOF && len(data) > 0 {
		return 0, nil, io.ErrUnexpectedEOF
	}
	return 0, nil, nil
}

// answer returns an answer in the form of the protocol.
func (p Protocol) answer(yes bool) []byte {
	switch {
	case p == Generic && yes:
		return []byte("1\n")
	case p == Generic:
		return []byte("0\n")
	case yes:
		return []byte{0, 2, 0, 1}
	}
	return []byte{0, 2, 0, 0}
}

// rawRequest is a request as it was read.
type rawRequest struct {
	text string
	// hasMore reports that more input was read after the request.
	hasMore bool
}

// read returns the requests from in, one at a time. It closes the channel at the
// end, and failed then has the error, nil at the end of in. It runs in the
// background until in or ctx ends.
func (p Protocol) read(ctx context.Context, in io.Reader) (requests <-chan rawRequest, failed <-chan error) {
	out, ended := make(chan rawRequest), make(chan error, 1)
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, lengthSize+maxRequest)
	split, hasMore := p.split(), false
	scanner.Split(func(data []byte, atEOF bool) (advance int, token []byte, err error) {
		advance, token, err = split(data, atEOF)
		hasMore = advance < len(data)
		return advance, token, err
	})
	go func() {
		defer close(out)
		for scanner.Scan() {
			select {
			case out <- rawRequest{scanner.Text(), hasMore}:
			case <-ctx.Done():
				ended <- nil
				return
			}
		}
		ended <- scanner.Err()
	}()
	return out, ended
}
