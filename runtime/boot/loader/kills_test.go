//go:build unix && !real

package loader

// kills is how often TestKills kills a process; with -tags real it is 500.
const kills = 25
