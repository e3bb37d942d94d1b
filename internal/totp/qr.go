package totp

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode"
	"github.com/boombuler/barcode/qr"

	"github.com/pbxusers/pbxusers/store"
)

const (
	// quietZone is the light border that scanners need, in modules: ISO/IEC
	// 18004, section 6.3.8.
	quietZone = 4
	// maxSize bounds the picture, in pixels.
	maxSize = 2048
)

// QR returns the URL as a QR code: a PNG of size pixels square, at most 2048,
// with the light border that scanners need.
func QR(url store.Secret, size int) ([]byte, error) {
	code, err := qr.Encode(url.Reveal(), qr.M, qr.Auto)
	if err != nil || url.IsZero() {
		return nil, errors.New("this URL is empty, or too long for a QR code")
	}
	modules := code.Bounds().Dx()
	if size < modules+2*quietZone || size > maxSize {
		return nil, fmt.Errorf("a picture of this QR code is %d to %d pixels wide", modules+2*quietZone, maxSize)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, render(code, size)); err != nil {
		return nil, fmt.Errorf("draw a QR code: %w", err)
	}
	return out.Bytes(), nil
}

// render enlarges a code by a whole number, so that its edges stay sharp, in the
// middle of a light square.
func render(code barcode.Barcode, size int) image.Image {
	modules := code.Bounds().Dx()
	scale := size / (modules + 2*quietZone)
	border := (size - modules*scale) / 2
	img := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.White, color.Black})
	for y := range modules * scale {
		for x := range modules * scale {
			if code.At(x/scale, y/scale) == color.Black {
				img.SetColorIndex(border+x, border+y, 1)
			}
		}
	}
	return img
}
