package extauth

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
)

// Protocol is how questions and answers are told from each other.
type Protocol string

// The protocols; see the package.
const (
	Ejabberd Protocol = "ejabberd"
	Generic  Protocol = "generic"
)

const (
	// lengthSize is that of the length before a question, in bytes.
	lengthSize = 2
	// maxQuestion is as much as such a length can say.
	maxQuestion = 1<<16 - 1
)

// UnmarshalText reads a protocol as it stands in settings.
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

// split finds the next question, for a [bufio.Scanner].
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

// answer returns yes or no as the server reads it.
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

// rawQuestion is a question as it was read.
type rawQuestion struct {
	text string
	// hasMore says that something was read behind it already.
	hasMore bool
}

// read sends the questions of in on, one when the one before was taken, and
// closes questions at the end; then failed holds why, nil at the end of in. It
// goes on in the background until in ends or ctx does.
func (p Protocol) read(ctx context.Context, in io.Reader) (questions <-chan rawQuestion, failed <-chan error) {
	out, ended := make(chan rawQuestion), make(chan error, 1)
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, lengthSize+maxQuestion)
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
			case out <- rawQuestion{scanner.Text(), hasMore}:
			case <-ctx.Done():
				ended <- nil
				return
			}
		}
		ended <- scanner.Err()
	}()
	return out, ended
}
