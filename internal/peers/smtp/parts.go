package smtp

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/textproto"
	"strings"
)

// parts are what people read of a mail.
type parts struct {
	text, html string
}

// take looks at a part, and at the parts that it has itself.
func (p *parts) take(header textproto.MIMEHeader, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("the kind of a part: %w", err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		return p.takeAll(multipart.NewReader(body, params["boundary"]))
	}
	content, err := io.ReadAll(decoded(header.Get("Content-Transfer-Encoding"), body))
	if err != nil {
		return fmt.Errorf("a part of kind %s: %w", kind, err)
	}
	switch {
	case kind == "text/plain" && p.text == "":
		p.text = string(content)
	case kind == "text/html" && p.html == "":
		p.html = string(content)
	}
	return nil
}

func (p *parts) takeAll(all *multipart.Reader) error {
	for {
		// Raw, so that the field with the encoding is still there.
		part, err := all.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := p.take(part.Header, part); err != nil {
			return err
		}
	}
}

// decoded undoes a part's transfer encoding.
func decoded(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	default:
		return body
	}
}
