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

// bodyParts are what people read of a mail.
type bodyParts struct {
	text, html string
}

// parse looks at a part, and at the parts that it has itself.
func (p *bodyParts) parse(header textproto.MIMEHeader, body io.Reader) error {
	kind, params, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("the kind of a part: %w", err)
	}
	if strings.HasPrefix(kind, "multipart/") {
		return p.parseMultipart(multipart.NewReader(body, params["boundary"]))
	}
	content, err := io.ReadAll(decodeTransferEncoding(header.Get("Content-Transfer-Encoding"), body))
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

func (p *bodyParts) parseMultipart(all *multipart.Reader) error {
	for {
		// Raw, so that the field with the encoding is still there.
		part, err := all.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := p.parse(part.Header, part); err != nil {
			return err
		}
	}
}

// decodeTransferEncoding undoes a part's transfer encoding.
func decodeTransferEncoding(encoding string, body io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "quoted-printable":
		return quotedprintable.NewReader(body)
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, body)
	default:
		return body
	}
}
