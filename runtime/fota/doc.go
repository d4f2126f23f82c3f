// Package fota downloads images and hands them to what installs them, the same way for every cloud.
//
// A Downloader has at most one download. It asks a Source for the bytes of a file (by HTTP: package fota/http; by CoAP: package fota/coap),
// recognises the image by its first bytes, and writes it to the Target of its type. What was synced to the medium is recorded, and the next
// try goes on from there, also after a restart or a power cut: but only into the very same file, which its validator (an ETag) shows.
//
// Memory does not depend on the size of the image. Nothing is verified here beyond size and type: that is the business of Target.
package fota
