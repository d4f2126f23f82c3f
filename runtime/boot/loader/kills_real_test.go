//go:build real

package loader

const kills = 500
