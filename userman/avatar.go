package userman

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"

	"golang.org/x/image/draw"
)

// pictureQuality is that of the JPEGs that are kept, of 100.
const pictureQuality = 85

// pictureFormat is a kind of file that pictures come in.
type pictureFormat struct {
	size   func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// pictureFormats are those that are read, by their media type. They are named
// here, and not left to what the program has registered, so that no other
// reader ever sees what strangers send.
func pictureFormats() map[string]pictureFormat {
	return map[string]pictureFormat{
		"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode},
		"image/png":  {png.DecodeConfig, png.Decode},
		"image/gif":  {gif.DecodeConfig, gif.Decode}, // the first of its pictures
	}
}

// renderAvatar returns what is kept of a file: the middle of the picture, square,
// upright, on white where it is transparent. The size is asked for before
// anything is drawn.
func renderAvatar(file []byte) ([]byte, error) {
	format, ok := pictureFormats()[http.DetectContentType(file)]
	if !ok {
		return nil, pictureError("format", "choose a JPEG, PNG or GIF file")
	}
	size, err := format.size(bytes.NewReader(file))
	if err != nil {
		return nil, corruptPicture()
	}
	if size.Width < 1 || size.Height < 1 {
		return nil, corruptPicture()
	}
	if size.Width > MaxPictureSide || size.Height > MaxPictureSide || size.Width*size.Height > MaxPicturePixels {
		return nil, pictureError("size", fmt.Sprintf("at most %d pixels in width and height, and %d million together, are allowed; make the picture smaller", MaxPictureSide, MaxPicturePixels/1_000_000))
	}
	if size.Width*size.Height*bytesPerPixel(size.ColorModel, file) > maxPictureMemory {
		return nil, pictureError("size", "a picture of this kind and size takes too much memory; make it smaller")
	}
	source, err := format.decode(bytes.NewReader(file))
	if err != nil {
		return nil, corruptPicture()
	}
	square := image.NewRGBA(image.Rect(0, 0, PictureSide, PictureSide))
	draw.Draw(square, square.Bounds(), image.NewUniform(color.White), image.Point{}, draw.Src)
	draw.CatmullRom.Scale(square, square.Bounds(), source, centerSquare(source.Bounds()), draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, applyOrientation(square, exifOrientation(file)), &jpeg.Options{Quality: pictureQuality}); err != nil {
		return nil, fmt.Errorf("writing a picture: %w", err)
	}
	return out.Bytes(), nil
}

// maxPictureMemory bounds the memory that a picture takes when it is drawn, in
// bytes. A small file may hold, or promise, a very large one.
const maxPictureMemory = 192 << 20

// bytesPerPixel returns how much memory a pixel takes at most while the file is
// read.
func bytesPerPixel(model color.Model, file []byte) int {
	switch {
	case isProgressive(file):
		return 24 // all coefficients of up to 4 components, 4 bytes each, and what follows
	case isInterlaced(file) && (model == color.RGBA64Model || model == color.NRGBA64Model || model == color.Gray16Model):
		return 16 // the picture, and those of its passes
	}
	// A PNG of 16 bits with 4 components, which one of grey becomes that is
	// transparent, or a JPEG with 4 components and what becomes of them.
	return 8
}

// isInterlaced reports whether a PNG, of which the first chunk was read, is drawn in
// several passes.
func isInterlaced(file []byte) bool {
	const method = 28 // of the file: the last byte of the chunk
	return bytes.HasPrefix(file, []byte("\x89PNG")) && file[method] != 0
}

func corruptPicture() error {
	return pictureError("format", "this file is broken; choose another JPEG, PNG or GIF file")
}

// centerSquare returns the largest square in the middle of a picture.
func centerSquare(r image.Rectangle) image.Rectangle {
	side := min(r.Dx(), r.Dy())
	corner := r.Min.Add(image.Pt((r.Dx()-side)/2, (r.Dy()-side)/2))
	return image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}
}

// applyOrientation turns a square as its orientation in Exif asks for: 1 is upright, 3
// upside down, 6 and 8 on its sides, the others their mirror images.
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
