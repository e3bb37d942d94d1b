package avatar

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"time"

	"golang.org/x/image/draw"

	"github.com/pbxusers/pbxusers/store"
)

// Bounds of pictures.
const (
	// MaxBytes is the maximum size of a file.
	MaxBytes = 5 << 20
	// MaxSide is the maximum width and height of a picture in pixels, and
	// MaxPixels that of their product.
	MaxSide   = 8000
	MaxPixels = 25_000_000
	// Side is the width and height of an avatar in pixels.
	Side = 256
)

// quality is the JPEG quality of an avatar, of 100.
const quality = 85

// format is a file format of pictures.
type format struct {
	size   func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// formats returns the supported formats by media type. The list is explicit:
// decoders that the program registers elsewhere never see untrusted files.
func formats() map[string]format {
	return map[string]format{
		"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode},
		"image/png":  {png.DecodeConfig, png.Decode},
		"image/gif":  {gif.DecodeConfig, gif.Decode}, // the first picture
	}
}

// maxWait is how long a picture waits for its turn, and retryAfter the number of
// seconds after which it may try again.
const (
	maxWait    = 20 * time.Second
	retryAfter = 10
)

// Renderer reads and renders pictures one at a time, to bound the memory that they
// take.
type Renderer struct {
	slot chan struct{}
}

// NewRenderer returns a renderer.
func NewRenderer() *Renderer { return &Renderer{slot: make(chan struct{}, 1)} }

// Render reads a JPEG, PNG or GIF file and returns its avatar: a JPEG of [Side]
// pixels that shows the center of the picture, upright, on a white background.
// It returns a [store.InvalidError] on "picture" if the file cannot be used. It reads
// nothing while another picture is read or rendered, and returns a [store.BusyError]
// if that takes more than 20 seconds.
func (r *Renderer) Render(ctx context.Context, picture io.Reader) ([]byte, error) {
	if err := r.acquire(ctx); err != nil {
		return nil, err
	}
	defer func() { <-r.slot }()
	file, err := io.ReadAll(io.LimitReader(picture, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("reading a picture: %w", err)
	}
	if len(file) > MaxBytes {
		return nil, invalid(store.CodeMax, fmt.Sprintf("at most %d MiB are allowed; make the picture smaller", MaxBytes>>20))
	}
	return render(file)
}

// acquire takes the slot.
func (r *Renderer) acquire(ctx context.Context) error {
	timeout := time.NewTimer(maxWait)
	defer timeout.Stop()
	select {
	case r.slot <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-timeout.C:
		return &store.BusyError{RetryAfterSeconds: retryAfter}
	}
}

func invalid(code, message string) error {
	return store.NewInvalidError(store.FieldError{Field: "picture", Code: code, Message: message})
}

// render returns the avatar of a file. It checks the size of the picture before
// it decodes it.
func render(file []byte) ([]byte, error) {
	reader, ok := formats()[http.DetectContentType(file)]
	if !ok {
		return nil, invalid(store.CodeFormat, "choose a JPEG, PNG or GIF file")
	}
	size, err := reader.size(bytes.NewReader(file))
	if err != nil {
		return nil, corruptPicture()
	}
	if size.Width < 1 || size.Height < 1 {
		return nil, corruptPicture()
	}
	if size.Width > MaxSide || size.Height > MaxSide || size.Width*size.Height > MaxPixels {
		return nil, invalid(store.CodeSize, fmt.Sprintf("at most %d pixels in width and height, and %d million together, are allowed; make the picture smaller", MaxSide, MaxPixels/1_000_000))
	}
	if size.Width*size.Height*bytesPerPixel(size.ColorModel, file) > maxMemory {
		return nil, invalid(store.CodeSize, "a picture of this kind and size takes too much memory; make it smaller")
	}
	source, err := reader.decode(bytes.NewReader(file))
	if err != nil {
		return nil, corruptPicture()
	}
	square := image.NewRGBA(image.Rect(0, 0, Side, Side))
	draw.Draw(square, square.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(square, square.Bounds(), source, centerSquare(source.Bounds()), draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, applyOrientation(square, exifOrientation(file)), &jpeg.Options{Quality: quality}); err != nil {
		return nil, fmt.Errorf("writing a picture: %w", err)
	}
	return out.Bytes(), nil
}

// maxMemory bounds the memory that decoding a picture takes, in bytes. A small
// file may contain, or announce, a very large picture.
const maxMemory = 192 << 20

// bytesPerPixel returns the maximum memory that a pixel takes while the file is
// decoded.
func bytesPerPixel(model color.Model, file []byte) int {
	switch {
	case isProgressive(file):
		return 24 // all coefficients of up to 4 components, 4 bytes each, and the picture
	case isInterlaced(file) && (model == color.RGBA64Model || model == color.NRGBA64Model || model == color.Gray16Model):
		return 16 // the picture and its passes
	}
	// A PNG with 4 components of 16 bits (a transparent gray one is converted to
	// that), or a JPEG with 4 components and the picture.
	return 8
}

// isInterlaced reports whether a PNG with a valid first chunk is interlaced.
func isInterlaced(file []byte) bool {
	const method = 28 // of the file: the last byte of the chunk
	return bytes.HasPrefix(file, []byte("\x89PNG")) && file[method] != 0
}

func corruptPicture() error {
	return invalid(store.CodeFormat, "this file is broken; choose another JPEG, PNG or GIF file")
}

// centerSquare returns the largest square in the center of a picture.
func centerSquare(r image.Rectangle) image.Rectangle {
	side := min(r.Dx(), r.Dy())
	corner := r.Min.Add(image.Pt((r.Dx()-side)/2, (r.Dy()-side)/2))
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}
}

// applyOrientation rotates a square by its Exif orientation: 1 is upright, 3 is
// upside down, 6 and 8 are on a side, the others are their mirror images.
func applyOrientation(square *image.RGBA, orientation int) *image.RGBA {
	last := square.Bounds().Dx() - 1
	from, ok := map[int]func(x, y int) (int, int){
		2: func(x, y int) (int, int) { return last - x, y },
		3: func(x, y int) (int, int) { return last - x, last - y },
		4: func(x, y int) (int, int) { return x, last - y },
		5: func(x, y int) (int, int) { return y, x },
		6: func(x, y int) (int, int) { return y, last - x },
		7: func(x, y int) (int, int) { return last - y, last - x },
		8: func(x, y int) (int, int) { return last - y, x },
	}[orientation]
	if !ok {
		return square
	}
	rotated := image.NewRGBA(square.Bounds())
	for y := range last + 1 {
		for x := range last + 1 {
			rotated.SetRGBA(x, y, square.RGBAAt(from(x, y)))
		}
	}
	return rotated
}
