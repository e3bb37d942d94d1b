package ami

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
)

// DefaultMaxMessage is the default of [Options.MaxMessage]. GetConfig of 100
// 000 sections with 10 lines each takes about half of it.
const DefaultMaxMessage = 128 << 20

// chunkSize is the size of the chunks of a large message. They are joined once
// at its end: a single growing buffer would copy a message of some megabytes
// several times.
const chunkSize = 256 << 10

// Reader splits a stream into messages. Lines end with CR LF or LF and may be
// as long as a message. Reader skips empty lines between messages, which
// Asterisk sends after some errors.
type Reader struct {
	src *bufio.Reader
	max int
	// buf is the current message except for the chunks. size is the total size
	// of the chunks.
	buf    []byte
	chunks [][]byte
	size   int
}

// NewReader returns a reader of messages with at most maxMessage bytes
// ([DefaultMaxMessage] if 0).
func NewReader(r io.Reader, maxMessage int) *Reader {
	if maxMessage <= 0 {
		maxMessage = DefaultMaxMessage
	}
	return &Reader{src: bufio.NewReaderSize(r, 32<<10), max: maxMessage}
}

// Next returns the next message. It returns [io.EOF] if the stream ends between
// messages, and [io.ErrUnexpectedEOF] if it ends within one, which is dropped.
// It returns [ErrTooLarge] for a message beyond the limit. The reader is
// unusable after an error.
func (r *Reader) Next() (Message, error) {
	defer r.reset()
	for {
		start := len(r.buf)
		if err := r.readLine(); err != nil {
			if errors.Is(err, io.EOF) && r.size+len(r.buf) > 0 {
				err = io.ErrUnexpectedEOF
			}
			return Message{}, err
		}
		if len(r.buf) > start+1 {
			r.moveToChunk()
			continue
		}
		r.buf = r.buf[:start]
		if r.size+start > 0 {
			return Message{text: r.text()}, nil
		}
	}
}

// readLine appends one line to the buffer, with LF only at its end.
func (r *Reader) readLine() error {
	start := len(r.buf)
	for {
		part, err := r.src.ReadSlice('\n')
		if r.size+len(r.buf)+len(part) > r.max {
			return ErrTooLarge
		}
		r.buf = append(r.buf, part...)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if err != nil {
			return err
		}
		if bytes.HasSuffix(r.buf[start:], []byte("\r\n")) {
			r.buf = append(r.buf[:len(r.buf)-2], '\n')
		}
		return nil
	}
}

// moveToChunk moves a large buffer to the chunks.
func (r *Reader) moveToChunk() {
	const room = 8 << 10
	if len(r.buf) < chunkSize-room {
		return
	}
	r.chunks = append(r.chunks, r.buf)
	r.size += len(r.buf)
	r.buf = make([]byte, 0, chunkSize)
}

// text returns the message.
func (r *Reader) text() string {
	if len(r.chunks) == 0 {
		return string(r.buf)
	}
	var b strings.Builder
	b.Grow(r.size + len(r.buf))
	for _, c := range r.chunks {
		b.Write(c)
	}
	b.Write(r.buf)
	return b.String()
}

// reset empties the buffer and frees the memory of a large message.
func (r *Reader) reset() {
	if cap(r.buf) > chunkSize {
		r.buf = nil
	}
	r.buf, r.chunks, r.size = r.buf[:0], nil, 0
}
