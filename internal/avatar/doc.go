// Package avatar turns the pictures that users upload into small square JPEGs.
// Files are untrusted: the package bounds their size and the memory that decoding
// takes, and copies nothing but the picture.
package avatar
