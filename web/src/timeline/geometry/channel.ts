/** A camera's number; geometry knows no more of cameras. */
export type Channel = number;
