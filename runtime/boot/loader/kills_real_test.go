//go:build unix && real

package loader

const kills = 500
