"""What AWS has and no customer makes: zones, images, instance types. All of it is data."""
